/** Images that the run was not trained on, as small pictures to pick from; the mistakes among them by themselves. */

import { h } from "../../dom";
import { choices } from "../../drawing/tools";
import { sheetOf } from "../../images";
import { tell } from "../../language";
import { roving, stopAt } from "../../parts/roving";
import type { Answered, ImagesRecord } from "../../payload";
import { bitmapOf, type Bitmap } from "../../pixels/bitmap";
import type { Store } from "../../store";

const AT_ONCE = 24;

/** A list of buttons; the number of the image that was picked is told. */
export function heldOut(store: Store, record: ImagesRecord, pick: (number: number, image: Bitmap) => void): {
  element: HTMLElement;
  mark(number: number | null): void;
  /** Pick one by its number, once the images can be had. */
  pick(number: number): void;
} {
  const wrong = numbers(record, ({ label, predicted }) => label !== predicted);
  const all = numbers(record, () => true);
  let [shown, count, marked] = [wrong.length ? wrong : all, AT_ONCE, null as number | null];
  const sprite = sheetOf(record.sprite);
  const list = h("div", { class: "thumbnails", role: "group", "aria-label": tell("Held-out images") });
  roving(list);
  const more = h("button", { type: "button", class: "quiet", onclick: () => ((count += AT_ONCE), fill()) }, tell("Show more"));

  function fill(): void {
    list.replaceChildren(...shown.slice(0, count).map((number) => thumbnail(number)));
    more.hidden = count >= shown.length;
    mark(marked);
  }

  function thumbnail(number: number): HTMLElement {
    const { label, predicted } = record.answers[number];
    const [name, said] = [store.payload.classes[label], store.payload.classes[predicted]];
    const text = label === predicted ? name : tell("{name}, taken for {said}", { name, said });
    const canvas = h("canvas", { class: "picture", "aria-hidden": "true" });
    sprite.paint(canvas, number);
    const button = h(
      "button", { type: "button", "aria-label": text, title: text, onclick: () => choose(number) }, canvas, label !== predicted && h("span", {}, `${name} → ${said}`),
    );
    button.dataset.number = String(number);
    return button;
  }

  function mark(number: number | null): void {
    marked = number;
    const buttons = [...list.querySelectorAll("button")];
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.number === String(number)));
    stopAt(buttons, buttons.find((button) => button.dataset.number === String(number)));
  }

  const choose = (number: number): void => pick(number, bitmapOf(sprite.tensor(number, store.payload.network!.input_shape[2])));
  const unread = (): void => list.replaceChildren(tell("This browser cannot read the images of this page."));
  sprite.ready.then(fill, unread);
  const which = wrong.length > 0 && choices(
    tell("Which images"), [["wrong", tell("Its mistakes ({count})", { count: wrong.length })], ["all", tell("All that are here ({count})", { count: all.length })]],
    "wrong", (name) => {
      [shown, count] = [name === "wrong" ? wrong : all, AT_ONCE];
      fill();
    },
  );
  return {
    element: h("div", { class: "held-out" }, which, list, more),
    mark,
    pick: (number) => void sprite.ready.then(() => choose(number), () => {}),
  };
}

function numbers(record: ImagesRecord, wanted: (answer: Answered) => boolean): number[] {
  return record.answers.flatMap((answer, number) => (wanted(answer) ? [number] : []));
}
