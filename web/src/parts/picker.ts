/** A row of small images, one of which is looked at. */

import "./picker.css";
import { h } from "../dom";
import { lookAt, sheetOf } from "../images";
import { tell } from "../language";
import "../languages/zh/layers";
import type { Store } from "../store";
import { roving, stopAt } from "./roving";

export interface Picker {
  element: HTMLElement;
  /** Mark the one that is looked at. */
  update(): void;
}

/** Buttons for some of the images of the page; `chosen` is called before one is shown. */
export function picker(store: Store, numbers: number[], label: string, chosen?: (number: number) => void): Picker {
  const { images, classes } = store.payload;
  const element = h("ul", { class: "picker", "aria-label": label });
  roving(element);
  const buttons = numbers.map((number) => {
    const { label: own, predicted } = images!.answers[number];
    const right = own === predicted;
    const name = right
      ? tell("{name}, answered right", { name: classes[own] })
      : tell("{name}, taken for {other}", { name: classes[own], other: classes[predicted] });
    const canvas = h("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    const click = (): void => {
      chosen?.(number);
      void lookAt(store, number);
    };
    return { number, canvas, button: h("button", { class: right ? undefined : "wrong", "aria-label": name, title: name, onclick: click }, canvas) };
  });
  element.append(...buttons.map(({ button }) => h("li", {}, button)));
  if (images) void sheetOf(images.sprite).ready.then(() => {
    for (const { number, canvas } of buttons) sheetOf(images.sprite).paint(canvas, number);
  }).catch(() => element.replaceChildren(h("li", {}, tell("This browser cannot read the images of this page."))));

  function update(): void {
    const { subject } = store;
    const now = buttons.find(({ number }) => subject.kind === "image" && subject.number === number);
    for (const each of buttons) each.button.setAttribute("aria-pressed", String(each === now));
    stopAt(buttons.map(({ button }) => button), now?.button);
  }

  update();
  return { element, update };
}
