/** The answer to the image at hand in words: a class, "I don't know", or that there is nothing to answer. */

import "./verdict.css";
import { h } from "../dom";
import { tell } from "../language";
import "../languages/zh/verdict";
import { argmax } from "../network/tensor";
import type { Store } from "../store";
import { printable } from "../text";

export interface Told {
  /** A class's name, or that it is not known. */
  answer: string;
  /** Why it is not known, and what would be answered. */
  why: string;
  known: boolean;
}

/** What is said of the image at hand; null where there is none. */
export function toldOf(store: Store): Told | null {
  const { answer, verdict, payload } = store;
  if (!answer) return null;
  const { probabilities } = answer;
  const best = argmax(probabilities);
  const name = payload.classes[best];
  if (!verdict?.kind) return { answer: name, why: "", known: true };
  if (verdict.kind === "foreign")
    return { answer: tell("I don’t know"), why: tell("It is unlike anything I was trained on. If I had to guess: {name}.", { name }), known: false };
  const others = probabilities.map((probability, i) => (i === best ? -1 : probability));
  const second = payload.classes[argmax(others)];
  return { answer: tell("I don’t know"), why: tell("It is between {name} and {second}.", { name, second }), known: false };
}

/** The same as an element that is read out when the answer changes, with the time that it took. */
export function verdict(store: Store, nothing: string): { element: HTMLElement; update(): void } {
  const answer = h("p", { class: "answer" });
  const why = h("p", { class: "why" });
  const took = h("p", { class: "took" });
  const element = h("div", { class: "verdict" }, h("div", { "aria-live": "polite" }, answer, why), took);
  function update(): void {
    const told = toldOf(store);
    const text = printable(told?.answer ?? nothing);
    if (answer.textContent !== text) answer.textContent = text;
    answer.title = text;
    answer.className = !told ? "answer nothing" : told.known ? "answer" : "answer unknown";
    if (why.textContent !== (told?.why ?? "")) why.textContent = told?.why ?? "";
    took.textContent = told ? tell("answered in {time} ms", { time: store.took < 10 ? store.took.toFixed(1) : store.took.toFixed(0) }) : "";
  }
  update();
  return { element, update };
}
