/** A calculation in one line, each number with what it is. */

import { h } from "../../dom";
import { tell } from "../../language";
import { decimal } from "../../numbers";
import { ACTIVATIONS } from "../../parts/layer_words";
import type { ActivationName } from "../../payload";

export interface Equation {
  element: HTMLElement;
  show(...parts: HTMLElement[]): void;
  /** Whether changes are read out; not while something plays. */
  heard(on: boolean): void;
}

export function equation(): Equation {
  const element = h("p", { class: "equation", "aria-live": "polite" });
  return {
    element,
    show: (...parts) => element.replaceChildren(...parts.flatMap((part) => [part, " "])),
    heard: (on) => element.setAttribute("aria-live", on ? "polite" : "off"),
  };
}

/** A number, and what it is. */
export function term(value: number | string, what: string, strong = false): HTMLElement {
  const text = typeof value === "number" ? decimal(value, 3) : value;
  return h("span", { class: strong ? "term strong" : "term" }, h("b", {}, text), h("small", {}, what));
}

export function sign(text: string): HTMLElement {
  return h("span", { class: "sign" }, text);
}

/** What an activation makes of a sum: nothing to say of a linear one. */
export function activating(name: ActivationName, output: number): HTMLElement[] {
  if (name === "linear") return [];
  const what = name === "softmax" ? tell("softmax, over all of them") : ACTIVATIONS[name];
  return [sign("→"), term(output, what, true)];
}
