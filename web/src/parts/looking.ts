/** The image that is looked at, what it is, and what the network says of it. */

import "./looking.css";
import { h } from "../dom";
import { probable, tell } from "../language";
import "../languages/zh/layers";
import type { Field } from "../network/field";
import { argmax } from "../network/tensor";
import { whole } from "../numbers";
import type { Store } from "../store";
import { board } from "./board";
import { printable } from "../text";

export interface Looking {
  element: HTMLElement;
  update(): void;
  /** Draw which part of the image something sees, and say it. */
  mark(field: Field | null, text?: string): void;
}

export function looking(store: Store): Looking {
  const [height, width] = store.network?.record.input_shape ?? [1, 1];
  const image = board(tell("The image that is looked at"), [height, width]);
  const [name, answer, seen] = [h("p", { class: "name" }), h("p", { class: "answer" }), h("p", { class: "seen" })];
  const element = h("div", { class: "looking" }, image.element, h("div", {}, name, answer, seen));

  function update(): void {
    image.mark(null);
    seen.textContent = "";
    image.element.hidden = store.answer === null;
    if (store.answer) image.paint(store.answer.input);
    name.textContent = subjectOf(store);
    answer.textContent = answerOf(store);
  }

  function mark(field: Field | null, text = ""): void {
    image.mark(field);
    seen.textContent = text;
  }

  update();
  return { element, update, mark };
}

/** What the image is, as far as it is known. */
export function subjectOf({ subject, payload }: Store): string {
  if (subject.kind === "drawing") return tell("Your drawing");
  if (subject.kind === "file") return printable(subject.name);
  const { images, classes } = payload;
  if (subject.kind === "nothing" || !images) return tell("No image is looked at.");
  const { index, label } = images.answers[subject.number];
  return tell("Image {index} of the {split} images: {name}", {
    index: whole(index), split: tell(images.split), name: classes[label],
  });
}

/** The answer in words: the class with its probability, or that there is none. */
export function answerOf({ answer, verdict, payload }: Store): string {
  if (!answer) return "";
  const best = argmax(answer.probabilities);
  const parts = { name: payload.classes[best], share: probable(answer.probabilities[best]) };
  return verdict?.kind
    ? tell("The network says “{name}”, {share}, but this run would rather say “I don't know”.", parts)
    : tell("The network says “{name}”, {share}.", parts);
}
