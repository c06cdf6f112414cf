/** The image at hand, of which parts can be covered by dragging over it, or by the keyboard. */

import { h } from "../../dom";
import { choices } from "../../drawing/tools";
import { tell } from "../../language";
import { paint, picture } from "../../parts/picture";
import type { Store } from "../../store";
import { windowSide } from "./occlusion";
import type { Trial } from "./trial";

export interface Covering {
  element: HTMLElement;
  /** The value that covers. */
  value(): number;
  update(): void;
}

const GREY = 0.5;
const KEYS: Record<string, [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function covering(trial: Trial, store: Store): Covering {
  const [height, width] = store.network!.record.input_shape;
  const ground = store.payload.reading.bright_on_dark ? 0 : 1;
  const side = windowSide(Math.min(height, width));
  let value = ground;
  let [row, column] = [height / 2, width / 2];
  const seen = picture(tell("The image as the network gets it. Drag over it to cover parts; arrow keys move the patch, Enter lays it down."), null);
  const mark = h("span", { class: "patch", "aria-hidden": "true" });
  const frame = h("div", { class: "frame" }, seen, mark);
  seen.tabIndex = 0;
  seen.setAttribute("role", "application");
  const restore = h("button", { type: "button", onclick: () => trial.restore() }, tell("Take the patches away"));

  function place(): void {
    mark.style.left = `${(100 * (column - side / 2)) / width}%`;
    mark.style.top = `${(100 * (row - side / 2)) / height}%`;
    mark.style.width = `${(100 * side) / width}%`;
    mark.style.height = `${(100 * side) / height}%`;
  }

  function pointTo(event: PointerEvent): void {
    const box = seen.getBoundingClientRect();
    column = ((event.clientX - box.left) / box.width) * width;
    row = ((event.clientY - box.top) / box.height) * height;
    place();
  }

  const lay = (): void => trial.cover(row, column, side, value);
  seen.addEventListener("pointerdown", (event) => (seen.setPointerCapture(event.pointerId), pointTo(event), lay()));
  seen.addEventListener("pointermove", (event) => {
    pointTo(event);
    if (event.buttons & 1) lay();
  });
  seen.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step) [row, column] = [clamped(row + step[0], height), clamped(column + step[1], width)];
    else if (event.key === "Enter" || event.key === " ") lay();
    else return;
    event.preventDefault();
    place();
  });
  place();
  const element = h(
    "div", { class: "covering" }, frame,
    choices(
      tell("Cover with"), [["ground", tell("Erase")], ["grey", tell("Cover with grey")]], "ground",
      (name) => (value = name === "grey" ? GREY : ground),
    ),
    restore,
    h("p", { class: "note" }, tell("Drag over the image: is what you cover what the answer hangs on?")),
  );
  function update(): void {
    if (trial.shown) paint(seen, trial.shown);
    restore.disabled = !trial.patches;
  }
  update();
  return { element, value: () => value, update };
}

function clamped(place: number, side: number): number {
  return Math.min(Math.max(place, 0), side);
}
