/** Images of the page side by side, one of which is looked at. */

import { h } from "../../dom";
import { probable, tell } from "../../language";
import { whole } from "../../numbers";
import { picker, type Picker } from "../../parts/picker";
import type { Store } from "../../store";
import { section, type Part } from "./run";

/** More are shown on demand. */
const FIRST = 40;

export function gallery(store: Store, numbers: number[], title: string, note: string): Part {
  const told = h("p", { class: "told", "aria-live": "polite" });
  const more = h("button", { class: "more", hidden: numbers.length <= FIRST, onclick: () => show(numbers) }, tell("Show all {count}", { count: whole(numbers.length) }));
  const held = h("div");
  let choice: Picker;

  function show(shown: number[]): void {
    choice = picker(store, shown, title);
    held.replaceChildren(choice.element);
    more.hidden = shown.length === numbers.length;
  }

  function update(): void {
    choice.update();
    told.replaceChildren(...about(store, numbers));
  }

  show(numbers.slice(0, FIRST));
  return { element: section(title, h("p", { class: "note" }, note), held, more, told), update };
}

/** What is known of the image that is looked at, if it is one of these. */
function about(store: Store, numbers: number[]): (string | HTMLElement)[] {
  const { subject, payload } = store;
  if (subject.kind !== "image" || !numbers.includes(subject.number)) return [];
  const { index, label, predicted, probability, source } = payload.images!.answers[subject.number];
  const parts = { index: whole(index), name: payload.classes[label], other: payload.classes[predicted], share: probable(probability) };
  const text = label === predicted
    ? tell("Image {index}: {name}, answered right with {share}.", parts)
    : tell("Image {index}: {name}, taken for {other} with {share}.", parts);
  return [
    text, " ", ...(source ? [h("span", { class: "source", title: source }, source), " "] : []),
    ...(store.network ? [h("a", { href: "#/walk" }, tell("Walk through the layers with it"))] : []),
  ];
}
