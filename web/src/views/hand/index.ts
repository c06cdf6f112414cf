/** How well the network reads the hand of whoever sits here. */

import "../using.css";
import "./hand.css";
import { h } from "../../dom";
import { board } from "../../drawing/board";
import { obstacleTo } from "../../drawing/obstacle";
import { sheetOf, type Sheet } from "../../drawing/sheet";
import { tools } from "../../drawing/tools";
import { tell } from "../../language";
import "../../languages/zh/hand";
import { bitmapOf } from "../../pixels/bitmap";
import type { Store } from "../../store";
import type { View } from "../view";
import { asking } from "./asking";
import { collectionOf, drawing, type Collection } from "./collection";
import { judged } from "./judged";
import { keeping } from "./keeping";
import { result } from "./result";
import { shelf } from "./shelf";

export const hand: View = {
  id: "hand",
  title: "Your hand",
  has: ({ network }) => network !== null,
  mount(main, store) {
    const root = h("div", { class: "using" });
    main.append(root);
    const sheet = sheetOf(store);
    const obstacle = obstacleTo(store);
    root.append(h("h1", {}, tell("How well does it read your hand?")));
    if (obstacle || !sheet) {
      root.append(...(obstacle ?? []));
      return () => {};
    }
    const collection = collectionOf(store);
    const drawn = drawingPart(store, sheet, collection);
    const told = result(store, collection);
    const kept = shelf(store, collection);
    const files = keeping(store, collection);
    root.append(
      h("p", { class: "note" }, tell("Draw, then say what you meant. Only then is the answer shown, so that it cannot sway you.")),
      drawn.element, told.element, kept.element, files.element,
    );
    const update = (): void => (told.update(), kept.update(), files.update());
    const deaf = collection.subscribe(update);
    update();
    return () => (deaf(), drawn.end(), told.end());
  },
};

/** The sheet, and beside it what was meant. */
function drawingPart(store: Store, sheet: Sheet, collection: Collection): { element: HTMLElement; end(): void } {
  const own = board(sheet, store);
  const kit = tools(sheet);
  const heard = h("p", { class: "heard", "aria-live": "polite" });
  const say = (label: string): void => {
    const tensor = own.paper.tensor();
    if (!tensor) {
      heard.textContent = tell("Nothing drawn yet.");
      return;
    }
    const made = drawing(label, bitmapOf(tensor));
    collection.add([made]);
    sheet.clear();
    heard.textContent = reply(label, judged(made, store));
  };
  const question = asking(store.payload.classes, say);
  const element = h(
    "div", { class: "meaning" },
    h("div", { class: "sheet" }, own.element, kit.element),
    h("div", { class: "question" }, h("h2", {}, tell("What did you mean?")), question.element, heard),
  );
  return { element, end: () => (own.end(), kit.end(), question.end()) };
}

function reply(meant: string, { said, refused }: { said: string; refused: boolean }): string {
  if (refused) return tell("You meant {meant}. It says: I don’t know; if it had to guess, {said}.", { meant, said });
  return meant === said ? tell("You meant {meant}, and it says so too.", { meant }) : tell("You meant {meant}. It says: {said}.", { meant, said });
}
