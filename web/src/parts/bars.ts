/** Probabilities of classes as bars, which move as they change. */

import "./bars.css";
import { h } from "../dom";
import { probable } from "../language";
import { argmax } from "../network/tensor";
import { printable } from "../text";

export const MOST_BARS = 10;

export interface Bars {
  element: HTMLElement;
  /** Null shows empty bars; muted ones are there, and not to be believed. */
  update(probabilities: ArrayLike<number> | null, muted?: boolean): void;
  order(order: Order): void;
}

/** As the classes are counted, or the most probable first. */
export type Order = "classes" | "probability";

/** One bar a class; of many classes the ten that are most probable. */
export function bars(classes: string[], order: Order = "classes"): Bars {
  const rows = Array.from({ length: Math.min(classes.length, MOST_BARS) }, row);
  const element = h("ol", { class: "bars" }, rows.map((each) => each.element));
  let last: ArrayLike<number> | null = null;

  function update(probabilities: ArrayLike<number> | null, muted = false): void {
    last = probabilities;
    element.classList.toggle("muted", muted);
    const shown = chosen(probabilities, classes.length, order);
    const first = probabilities ? argmax(probabilities) : -1;
    rows.forEach((each, i) => each.show(classes[shown[i]], probabilities ? probabilities[shown[i]] : null, shown[i] === first));
  }

  function reorder(next: Order): void {
    order = next;
    update(last, element.classList.contains("muted"));
  }

  update(null);
  return { element, update, order: reorder };
}

/** The classes that are shown, in the order of the bars. */
function chosen(probabilities: ArrayLike<number> | null, count: number, order: Order): number[] {
  const numbers = Array.from({ length: count }, (_, number) => number);
  if (probabilities && (order === "probability" || count > MOST_BARS))
    numbers.sort((one, other) => probabilities[other] - probabilities[one] || one - other);
  return numbers.slice(0, MOST_BARS);
}

function row(): { element: HTMLElement; show(name: string, probability: number | null, first: boolean): void } {
  const name = h("span", { class: "name" });
  const bar = h("span", { class: "bar" });
  const value = h("span", { class: "value" });
  const element = h("li", {}, name, h("span", { class: "track", "aria-hidden": "true" }, bar), value);
  function show(called: string, probability: number | null, first: boolean): void {
    const text = printable(called);
    if (name.textContent !== text) {
      name.textContent = text;
      name.title = text;
    }
    bar.style.transform = `scaleX(${probability ?? 0})`;
    value.textContent = probability === null ? "" : probable(probability);
    element.classList.toggle("first", first);
  }
  return { element, show };
}
