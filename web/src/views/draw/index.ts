/** Draw something, and see what the network makes of it. */

import "../using.css";
import "./draw.css";
import { h } from "../../dom";
import { board } from "../../drawing/board";
import { obstacleTo } from "../../drawing/obstacle";
import { sheetOf, type Sheet } from "../../drawing/sheet";
import { choices, tools } from "../../drawing/tools";
import { sheetOf as spriteOf } from "../../images";
import { tell } from "../../language";
import "../../languages/zh/draw";
import { bars, MOST_BARS } from "../../parts/bars";
import { paint, picture } from "../../parts/picture";
import { verdict } from "../../parts/verdict";
import { bitmapOf } from "../../pixels/bitmap";
import type { Store } from "../../store";
import type { View } from "../view";

export const draw: View = {
  id: "draw",
  title: "Draw",
  has: () => true,
  mount(main, store) {
    const root = h("div", { class: "using" });
    main.append(root);
    const sheet = sheetOf(store);
    const obstacle = obstacleTo(store);
    if (obstacle || !sheet) {
      root.append(h("h1", {}, tell("Draw")), ...(obstacle ?? []));
      return () => {};
    }
    const own = board(sheet, store);
    const kit = tools(sheet);
    const got = gets(store, sheet);
    const answered = answers(store, sheet);
    root.append(
      h("h1", {}, tell("Draw something, and see what your network makes of it")),
      h(
        "div", { class: "draw" },
        h("div", { class: "sheet" }, own.element), h("div", { class: "told" }, answered.told),
        h("div", { class: "kit" }, kit.element, example(store, sheet)), answered.element, got.element,
      ),
    );
    const update = (): void => (got.update(), answered.update());
    const deaf = store.subscribe(update);
    update();
    return () => (own.end(), kit.end(), deaf());
  },
};

/** What the network gets, pixel by pixel, and how that comes about. */
function gets(store: Store, sheet: Sheet): { element: HTMLElement; update(): void } {
  const [height, width] = sheet.shape;
  const seen = picture(tell("What the network gets, {height} × {width} pixels", { height, width }), null);
  const pixel = h("p", { class: "pixel" });
  seen.addEventListener("pointermove", (event) => (pixel.textContent = valueAt(store, seen, event)));
  seen.addEventListener("pointerleave", () => (pixel.textContent = ""));
  const why = h("p", { class: "note" });
  const told = (): string => {
    if (sheet.centred === null) return tell("Your sheet, brought to the {height} × {width} pixels that the network takes.", { height, width });
    if (sheet.centred) return tell("What you draw is cut out, brought to a box of 20 × 20 pixels, and laid so that its centre of mass is in the middle: so were the images that the network was trained on.");
    return tell("Your sheet as it is. The network has seen nothing but centred images: draw small, or move your drawing into a corner, and it errs. It cannot know better.");
  };
  const element = h(
    "div", { class: "gets" },
    h("h2", {}, tell("What the network gets")), seen, pixel,
    sheet.centred !== null && choices(
      tell("How the drawing is brought to the network"), [["centred", tell("Centred")], ["drawn", tell("As drawn")]],
      sheet.centred ? "centred" : "drawn", (value) => sheet.centre(value === "centred"),
    ),
    why,
  );
  function update(): void {
    const input = store.answer?.input;
    paint(seen, input ?? blank(sheet));
    why.textContent = told();
  }
  return { element, update };
}

/** The numbers of the pixel under the pointer. */
function valueAt(store: Store, seen: HTMLCanvasElement, event: PointerEvent): string {
  const input = store.answer?.input;
  if (!input) return "";
  const [height, width, channels] = input.shape;
  const box = seen.getBoundingClientRect();
  const column = Math.min(width - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * width)));
  const row = Math.min(height - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * height)));
  const at = (row * width + column) * channels;
  const values = [...input.values.subarray(at, at + channels)].map((each) => each.toFixed(2)).join(", ");
  return tell("row {row}, column {column}: {values}", { row: row + 1, column: column + 1, values });
}

function blank(sheet: Sheet): { shape: number[]; values: Float32Array } {
  const [height, width, channels] = sheet.shape;
  return { shape: sheet.shape, values: new Float32Array(height * width * channels).fill(Number(sheet.ground === "#ffffff")) };
}

function answers(store: Store, sheet: Sheet): { told: HTMLElement; element: HTMLElement; update(): void } {
  const { classes, doubt } = store.payload;
  const told = verdict(store, tell("Nothing drawn yet."));
  const likely = bars(classes);
  const few = classes.length <= MOST_BARS;
  const element = h(
    "div", { class: "likely" },
    likely.element,
    few
      ? choices(tell("Order"), [["classes", tell("In order")], ["probability", tell("Most probable first")]], "classes", likely.order)
      : h("p", { class: "note" }, tell("The ten most probable of {count} classes.", { count: classes.length })),
    !doubt && h("p", { class: "note" }, tell("This run never says “I don’t know”: it has an answer to everything, a scribble too.")),
  );
  const slow = h("p", { class: "note" });
  const why = h("a", { class: "note", href: "#/try" }, tell("See what the answer hangs on"));
  element.append(slow, why);
  function update(): void {
    told.update();
    likely.update(store.answer?.probabilities ?? null, Boolean(store.verdict?.kind));
    why.hidden = !store.answer;
    slow.textContent = store.took > 50 && sheet.marks.length ? tell("An answer of this network takes a while here, so it follows you a little behind.") : "";
  }
  return { told: told.element, element, update };
}

/** Lay an image of the run's own on the sheet; each press takes another one. */
function example(store: Store, sheet: Sheet): HTMLElement | null {
  const held = store.payload.images;
  if (!held?.answers.length) return null;
  let next = Math.floor(held.answers.length / 2);
  const lay = async (): Promise<void> => {
    const sprite = spriteOf(held.sprite);
    await sprite.ready;
    sheet.clear();
    sheet.add({ kind: "image", image: bitmapOf(sprite.tensor(next, sheet.shape[2])) });
    next = (next + 1) % held.answers.length;
  };
  return h(
    "div", {},
    h("button", { type: "button", class: "quiet", onclick: lay }, tell("Lay a held-out image on the sheet")),
    h("p", { class: "note" }, tell("Draw on it, or move it with the arrow keys.")),
  );
}
