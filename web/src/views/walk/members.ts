/** Which network of a vote is looked into. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Store } from "../../store";

export interface Looked {
  member: number;
}

/** Null where there is one network alone. */
export function members(store: Store, looked: Looked, changed: () => void): HTMLElement | null {
  const count = store.network!.record.vote;
  if (count === 1) return null;
  const options = Array.from({ length: count }, (_, i) =>
    h("option", { value: i, selected: i === looked.member }, tell("Network {number} of {count}", { number: i + 1, count })));
  const select = h("select", {
    onchange: () => {
      looked.member = Number(select.value);
      changed();
    },
  }, options);
  return h("label", { class: "member" }, tell("This run is a vote; what is shown is of one network:"), " ", select);
}
