/** The image that is tried: where it is from, what it is as a whole, and what is covered of it. */

import { tensor, type Tensor } from "../../network/tensor";
import { inverted, tensorOf, type Bitmap } from "../../pixels/bitmap";
import type { Store, Subject } from "../../store";

export class Trial {
  /** Null where nothing was chosen yet. */
  image: Bitmap | null = null;
  subject: Subject = { kind: "nothing" };
  /** What it is known to be; null of files. */
  label: number | null = null;
  invert = false;
  /** The image with its patches, as the network gets it. */
  shown: Tensor | null = null;
  patches = 0;
  private readonly store: Store;
  private readonly listeners = new Set<() => void>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Try another image. */
  choose(image: Bitmap, subject: Subject, label: number | null, invert = false): void {
    Object.assign(this, { image, subject, label, invert });
    this.restore();
  }

  /** Take all patches away. */
  restore(): void {
    if (!this.image) return;
    this.patches = 0;
    this.shown = tensorOf(this.invert ? inverted(this.image) : this.image);
    this.tellAll();
  }

  exchange(invert: boolean): void {
    this.invert = invert;
    this.restore();
  }

  /** Cover a square around a pixel. */
  cover(row: number, column: number, side: number, value: number): void {
    if (!this.shown) return;
    const from = [row, column].map((place) => Math.round(place - side / 2));
    this.shown = covered(this.shown, from[0], from[1], side, side, value);
    this.patches++;
    this.tellAll();
  }

  /** Let the network look at it again, as it is now. */
  look(): void {
    if (this.shown) this.store.show(this.subject, this.shown);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tellAll(): void {
    this.look();
    for (const listener of this.listeners) listener();
  }
}

/** A copy with a rectangle of one value; what lies beyond the image is left out. */
export function covered(image: Tensor, top: number, left: number, tall: number, wide: number, value: number): Tensor {
  const [height, width, channels] = image.shape;
  const out = tensor(image.shape, image.values.slice());
  for (let row = Math.max(top, 0); row < Math.min(top + tall, height); row++) {
    const start = (row * width + Math.max(left, 0)) * channels;
    const end = (row * width + Math.min(left + wide, width)) * channels;
    if (end > start) out.values.fill(value, start, end);
  }
  return out;
}

const trials = new WeakMap<Store, Trial>();

/** The trial of this page, which outlives the view. */
export function trialOf(store: Store): Trial {
  if (!trials.has(store)) trials.set(store, new Trial(store));
  return trials.get(store)!;
}
