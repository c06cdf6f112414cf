/** All drawings as small pictures, with what was meant and said; each can be taken away, and given back. */

import { h } from "../../dom";
import { tell } from "../../language";
import { picture } from "../../parts/picture";
import { tensorOf } from "../../pixels/bitmap";
import type { Store } from "../../store";
import type { Collection, Drawing } from "./collection";
import { judged } from "./judged";

const AT_ONCE = 40;

export function shelf(store: Store, collection: Collection): { element: HTMLElement; update(): void } {
  let count = AT_ONCE;
  let gone: Drawing[] = [];
  const list = h("ul", { class: "shelf" });
  const more = h("button", { type: "button", class: "quiet", onclick: () => ((count += AT_ONCE), update()) }, tell("Show more"));
  const status = h("p", { class: "note", "aria-live": "polite" });
  const back = h("button", { type: "button", class: "quiet", onclick: () => restore() }, tell("Bring back"));
  const all = h("button", { type: "button", class: "quiet", onclick: () => remove(collection.drawings) }, tell("Delete all"));
  const element = h("section", { class: "kept" }, list, more, h("div", { class: "row" }, status, back, all));

  function remove(drawings: Drawing[]): void {
    gone = collection.remove(new Set(drawings.map(({ id }) => id)));
    update();
    back.focus();
  }

  function restore(): void {
    const lost = gone;
    gone = [];
    collection.add(lost);
  }

  function update(): void {
    const { drawings } = collection;
    list.replaceChildren(...drawings.slice(-count).reverse().map((each) => thumbnail(each)));
    more.hidden = drawings.length <= count;
    all.hidden = !drawings.length;
    back.hidden = !gone.length;
    status.textContent = gone.length ? tell("Deleted: {count}.", { count: gone.length }) : "";
  }

  function thumbnail(each: Drawing): HTMLElement {
    const { said } = judged(each, store);
    const right = said === each.label;
    const text = right ? each.label : `${each.label} → ${said}`;
    const told = right ? each.label : tell("{name}, taken for {said}", { name: each.label, said });
    return h(
      "li", {}, picture(told, tensorOf(each.image)), h("span", { class: right ? "" : "wrong", title: text }, text),
      h("button", { type: "button", "aria-label": tell("Delete this drawing of {name}", { name: each.label }), onclick: () => remove([each]) }, "×"),
    );
  }

  return { element, update };
}
