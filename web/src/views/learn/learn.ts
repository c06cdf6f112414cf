/** The story of a convolutional network in some steps, told on the reader's own network and image. */

import "./learn.css";
import "../../languages/zh/learn";
import { h } from "../../dom";
import { lookAtSomething, someImages, underlined } from "../../images";
import { tell } from "../../language";
import { lacking } from "../../parts/lacking";
import { picker } from "../../parts/picker";
import type { Store } from "../../store";
import type { View } from "../view";
import { story } from "./story";

/** Whether somebody went on from the step before, so that the heading is to be read out. */
const walked = { on: false };

export const learn: View = {
  id: "learn",
  title: "Learn",
  has: () => true,
  mount(root, store, place) {
    const page = h("article", { class: "learn" });
    root.append(page);
    const missing = lacking(store);
    if (missing) {
      page.append(h("h1", {}, tell("How does a network see?")), ...missing);
      return () => {};
    }
    lookAtSomething(store);
    return step(page, store, Number(place[0] ?? 1));
  },
};

function step(root: HTMLElement, store: Store, number: number): () => void {
  const chapters = story(store.network!.record.layers);
  const index = Number.isInteger(number) ? Math.min(Math.max(number, 1), chapters.length) - 1 : 0;
  const { question, make } = chapters[index];
  const heading = h("h1", { tabindex: -1 }, tell(question));
  const page = make(store);
  const choice = picker(store, someImages(store.payload), tell("Images to look at"));
  const none = h("p", { class: "none" }, tell("There is no image to tell it on yet."), " ", h("a", { href: "#/draw" }, tell("Draw")));

  const update = (): void => {
    choice.update();
    none.hidden = store.answer !== null;
    if (store.answer) page.update?.(store.answer, store.answer.members[0]);
  };
  const vote = store.network!.record.vote;
  root.append(
    h("nav", { class: "progress", "aria-label": tell("Steps") }, h("ol", {}, chapters.map((each, i) => h("li", {}, h("a", {
      href: `#/learn/${i + 1}`, "aria-current": i === index ? "step" : "false", title: tell(each.question), "aria-label": `${i + 1}. ${tell(each.question)}`,
    }, String(i + 1)))))),
    heading, none, h("div", { class: "chapter" }, page.element),
    h("nav", { class: "on", "aria-label": tell("Next step") }, index > 0 && further(index, tell("Back")), index + 1 < chapters.length && further(index + 2, tell(chapters[index + 1].question), true)),
    h("div", { class: "own" }, h("p", {}, tell("Your image: pick one,"), " ", h("a", { href: "#/draw" }, tell("or draw it")), ". ", underlined(store.payload)), choice.element),
    vote > 1 ? h("p", { class: "note" }, tell("This run is a vote of {count} networks. The maps and weights here are those of the first.", { count: vote })) : "",
  );
  update();
  if (walked.on) heading.focus();
  walked.on = false;
  return store.subscribe(update);
}

function further(number: number, text: string, main = false): HTMLElement {
  return h("a", { href: `#/learn/${number}`, class: main ? "next" : "back", onclick: () => (walked.on = true) }, main ? `${text} →` : `← ${text}`);
}
