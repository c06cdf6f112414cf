/** What was meant: a button a class, or of many classes a field; a key where a class is one character. */

import { h } from "../../dom";
import { tell } from "../../language";

const MOST_BUTTONS = 30;

export function asking(classes: string[], say: (label: string) => void): { element: HTMLElement; end(): void } {
  const press = (event: KeyboardEvent): void => {
    const elsewhere = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
    const matches = classes.filter((name) => name === event.key);
    if (matches.length !== 1) return;
    event.preventDefault();
    say(matches[0]);
  };
  document.addEventListener("keydown", press);
  const element = classes.length <= MOST_BUTTONS ? buttons(classes, say) : field(classes, say);
  return { element, end: () => document.removeEventListener("keydown", press) };
}

function buttons(classes: string[], say: (label: string) => void): HTMLElement {
  const all = classes.map((name) => h("button", { type: "button", title: name, onclick: () => say(name) }, h("span", {}, name)));
  return h("div", { class: "classes", role: "group", "aria-label": tell("What did you mean?") }, all);
}

function field(classes: string[], say: (label: string) => void): HTMLElement {
  const select = h("select", { "aria-label": tell("What did you mean?") }, classes.map((name, number) => h("option", { value: number }, name)));
  return h("div", { class: "classes" }, select, h("button", { type: "button", onclick: () => say(classes[Number(select.value)]) }, tell("That is it")));
}
