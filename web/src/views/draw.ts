import { h } from "../dom";
import type { View } from "./view";

export const draw: View = {
  id: "draw",
  title: "Draw",
  has: () => true,
  mount(root) {
    root.append(h("p", {}, "…"));
    return () => {};
  },
};
