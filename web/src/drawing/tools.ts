/** What one draws with: tools, thickness, colours; undo and clear. */

import { h } from "../dom";
import { tell } from "../language";
import type { Sheet, Tool } from "./sheet";

const TOOLS: [Tool, string][] = [["pen", "Pen"], ["eraser", "Eraser"], ["move", "Move"]];
const COLOURS: [string, string][] = [
  ["#000000", "black"], ["#ffffff", "white"], ["#d62728", "red"], ["#ff7f0e", "orange"], ["#ffd400", "yellow"],
  ["#2ca02c", "green"], ["#1f77b4", "blue"], ["#8c564b", "brown"],
];

/** Buttons for a sheet; what comes back besides ends them. */
export function tools(sheet: Sheet): { element: HTMLElement; end(): void } {
  const undo = h("button", { type: "button", onclick: () => sheet.undo() }, tell("Undo"));
  const clear = h("button", { type: "button", onclick: () => sheet.clear() }, tell("Clear"));
  const update = (): void => {
    undo.disabled = !sheet.marks.length;
    clear.disabled = sheet.empty;
  };
  update();
  const element = h(
    "div", { class: "tools" },
    choices(tell("Tool"), TOOLS.map(([tool, name]) => [tool, tell(name)]), sheet.tool, (tool) => (sheet.tool = tool)),
    h("div", { class: "group" }, undo, clear),
    thickness(sheet),
    sheet.shape[2] === 3 && colours(sheet),
  );
  return { element, end: sheet.subscribe(update) };
}

/** Buttons of which one is pressed. */
export function choices<T extends string>(
  label: string, all: [T, string][], chosen: T, choose: (value: T) => void,
): HTMLElement {
  const buttons = all.map(([value, name]) =>
    h("button", { type: "button", "aria-pressed": String(value === chosen), onclick: () => press(value) }, name));
  function press(value: T): void {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(all[i][0] === value)));
    choose(value);
  }
  return h("div", { class: "choices", role: "group", "aria-label": label }, buttons);
}

function thickness(sheet: Sheet): HTMLElement {
  const side = Math.min(sheet.shape[0], sheet.shape[1]);
  const range = h("input", {
    type: "range", min: 0.03, max: 0.25, step: 0.005, value: sheet.thickness / side,
    oninput: () => (sheet.thickness = range.valueAsNumber * side),
  });
  return h("label", { class: "thickness" }, tell("Thickness"), range);
}

function colours(sheet: Sheet): HTMLElement {
  const own = h("input", { type: "color", value: sheet.colour, "aria-label": tell("Another colour"), oninput: () => take(own.value) });
  const buttons = COLOURS.map(([colour, name]) => {
    const button = h("button", { type: "button", class: "colour", "aria-label": tell(name), title: tell(name), onclick: () => take(colour) });
    button.style.backgroundColor = colour;
    return button;
  });
  function take(colour: string): void {
    sheet.colour = colour;
    own.value = colour;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(COLOURS[i][0] === colour)));
  }
  take(sheet.colour);
  const fill = h("button", { type: "button", onclick: () => sheet.add({ kind: "ground", colour: sheet.colour }) }, tell("Fill the sheet"));
  return h("div", { class: "colours", role: "group", "aria-label": tell("Colour") }, buttons, own, fill);
}
