/** What the page is looking at: one image, and what the network makes of it. Views read it and are told of changes. */

import type { Doubt, Verdict } from "./network/doubt";
import type { Answer, Network } from "./network/network";
import type { Tensor } from "./network/tensor";
import type { Payload } from "./payload";

/** Where the image came from. */
export type Subject =
  | { kind: "nothing" }
  | { kind: "drawing" }
  | { kind: "image"; number: number } // one of payload.images
  | { kind: "file"; name: string };

export class Store {
  readonly payload: Payload;
  readonly network: Network | null;
  readonly doubt: Doubt | null;
  subject: Subject = { kind: "nothing" };
  /** Null where there is nothing to answer, or no network. */
  answer: Answer | null = null;
  /** Null where there is no answer, or the run never says "I don't know". */
  verdict: Verdict | null = null;
  /** Milliseconds that the last answer took. */
  took = 0;
  private readonly listeners = new Set<() => void>();

  constructor(payload: Payload, network: Network | null, doubt: Doubt | null) {
    this.payload = payload;
    this.network = network;
    this.doubt = doubt;
  }

  /** Look at an image of values 0 to 1; null looks at nothing. */
  show(subject: Subject, image: Tensor | null): void {
    const begun = performance.now();
    this.subject = image ? subject : { kind: "nothing" };
    this.answer = image && this.network ? this.network.answer(image) : null;
    this.verdict = this.answer && this.doubt ? this.doubt.verdict(this.answer) : null;
    this.took = performance.now() - begun;
    for (const listener of this.listeners) listener();
  }

  /** Be told of each change; the function that comes back ends it. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
