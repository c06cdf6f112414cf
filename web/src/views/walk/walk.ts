/** The network layer by layer, on the image that is looked at: all layers, or one of them in numbers. */

import "./walk.css";
import "../../languages/zh/walk";
import { h } from "../../dom";
import { lookAtSomething } from "../../images";
import { tell } from "../../language";
import { lacking } from "../../parts/lacking";
import type { View } from "../view";
import { detail } from "./detail";
import { overview } from "./overview";

/** The member of the vote that is looked into; it stays as one goes from layer to layer. */
const looked = { member: 0 };

export const walk: View = {
  id: "walk",
  title: "Walk",
  has: () => true,
  mount(root, store, place, go) {
    const page = h("article", { class: "walk" });
    root.append(page);
    const missing = lacking(store);
    if (missing) {
      page.append(h("h1", {}, tell("From the image to the answer")), ...missing);
      return () => {};
    }
    lookAtSomething(store);
    const index = store.network!.record.layers.findIndex(({ name }) => name === place[0]);
    return index < 0 ? overview(page, store, looked) : detail(page, store, looked, index, place.slice(1).map(Number), go);
  },
};
