/** Images that the run was not trained on, as small pictures to pick from; the mistakes among them by themselves. */

import { h } from "../../dom";
import { choices } from "../../drawing/tools";
import { tell } from "../../language";
import { picture } from "../../parts/picture";
import { images } from "../../parts/sprite";
import type { Answered, ImagesRecord } from "../../payload";
import { tensorOf, type Bitmap } from "../../pixels/bitmap";
import type { Store } from "../../store";

const AT_ONCE = 24;

/** A list of buttons; the number of the image that was picked is told. */
export function heldOut(store: Store, record: ImagesRecord, pick: (number: number, image: Bitmap) => void): {
  element: HTMLElement;
  mark(number: number | null): void;
} {
  const wrong = numbers(record, ({ label, predicted }) => label !== predicted);
  const all = numbers(record, () => true);
  let [shown, count, marked] = [wrong.length ? wrong : all, AT_ONCE, null as number | null];
  let cut: Bitmap[] = [];
  const list = h("div", { class: "strip", role: "group", "aria-label": tell("Held-out images"), onkeydown: (event: KeyboardEvent) => step(event, list) });
  const more = h("button", { type: "button", class: "quiet", onclick: () => ((count += AT_ONCE), fill()) }, tell("Show more"));

  function fill(): void {
    list.replaceChildren(...shown.slice(0, count).map((number) => thumbnail(number)));
    more.hidden = count >= shown.length;
  }

  function thumbnail(number: number): HTMLElement {
    const { label, predicted } = record.answers[number];
    const [name, said] = [store.payload.classes[label], store.payload.classes[predicted]];
    const text = label === predicted ? name : tell("{name}, taken for {said}", { name, said });
    const button = h(
      "button", { type: "button", "aria-label": text, title: text, "aria-pressed": String(number === marked), onclick: () => pick(number, cut[number]) },
      picture("", tensorOf(cut[number])), label !== predicted && h("span", {}, `${name} → ${said}`),
    );
    button.dataset.number = String(number);
    return button;
  }

  function mark(number: number | null): void {
    marked = number;
    for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.number === String(number)));
  }

  images(record.sprite, store.network!.record.input_shape).then((found) => ((cut = found), fill()));
  const which = wrong.length > 0 && choices(
    tell("Which images"), [["wrong", tell("Its mistakes ({count})", { count: wrong.length })], ["all", tell("All that are here ({count})", { count: all.length })]],
    "wrong", (name) => {
      [shown, count] = [name === "wrong" ? wrong : all, AT_ONCE];
      fill();
    },
  );
  return { element: h("div", { class: "held-out" }, which, list, more), mark };
}

function numbers(record: ImagesRecord, wanted: (answer: Answered) => boolean): number[] {
  return record.answers.flatMap((answer, number) => (wanted(answer) ? [number] : []));
}

/** The arrow keys go from one to the next. */
function step(event: KeyboardEvent, list: HTMLElement): void {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const buttons = [...list.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (!by || at < 0) return;
  event.preventDefault();
  buttons[(at + by + buttons.length) % buttons.length].focus();
}
