/** Which parts of the image the answer hangs on: a map with its legend, made while one looks on. */

import { h } from "../../dom";
import { tell } from "../../language";
import { tensor } from "../../network/tensor";
import { extent, paint, picture } from "../../parts/picture";
import type { Store } from "../../store";
import { occlude, type Occlusion } from "./occlusion";
import type { Trial } from "./trial";

const RAMP = tensor([1, 65, 1], Float32Array.from({ length: 65 }, (_, i) => (i - 32) / 32));

export interface Importance {
  element: HTMLElement;
  /** What was found is of another image now. */
  forget(): void;
  end(): void;
}

export function importance(trial: Trial, store: Store, value: () => number): Importance {
  let cancel: (() => void) | null = null;
  const map = picture(tell("Which parts the answer hangs on"), null);
  const low = h("span", {});
  const high = h("span", {});
  const legend = h("p", { class: "legend" }, low, picture(tell("Scale"), RAMP, { scale: "signed", range: [-1, 1] }), high);
  const told = h("p", { class: "note", "aria-live": "polite" });
  const button = h("button", { type: "button", onclick: () => (cancel ? stop() : begin()) });
  const figure = h("figure", { hidden: true }, map, legend);

  function begin(): void {
    if (!trial.shown) return;
    forget();
    cancel = occlude(store.network!, trial.shown, value(), show);
    figure.hidden = false;
    label();
  }

  function show(done: number, found: Occlusion): void {
    const [least, most] = extent(found.losses);
    const reach = Math.max(-least, most, 1e-6);
    paint(map, found.losses, { scale: "signed", range: [-reach, reach] });
    low.textContent = `−${reach.toFixed(2)}`;
    high.textContent = `+${reach.toFixed(2)}`;
    const finished = done === found.count;
    if (finished) cancel = null;
    told.textContent = finished ? meaning(found, store) : tell("{done} of {count} places covered …", { done, count: found.count });
    label();
  }

  function stop(): void {
    cancel?.();
    cancel = null;
    told.textContent = tell("Stopped before all places were covered.");
    label();
  }

  function forget(): void {
    cancel?.();
    cancel = null;
    figure.hidden = true;
    told.textContent = "";
    label();
  }

  function label(): void {
    button.textContent = cancel ? tell("Stop") : tell("Show what the answer hangs on");
  }

  label();
  const element = h("div", { class: "importance" }, button, figure, told);
  return { element, forget, end: () => cancel?.() };
}

function meaning({ answer, window: [tall, wide], count }: Occlusion, store: Store): string {
  return tell(
    "A patch of {tall} × {wide} pixels was laid on {count} places. Orange: with the patch there, {name} is less probable, so this part speaks for it. Blue: it speaks against it. The numbers are what the probability loses.",
    { tall, wide, count, name: store.payload.classes[answer] },
  );
}
