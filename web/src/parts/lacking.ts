/** Why a view that needs the network cannot be shown, and what the network is made of all the same. */

import { h } from "../dom";
import { tell } from "../language";
import "../languages/zh/layers";
import { times, whole } from "../numbers";
import type { Store } from "../store";
import { kindOf } from "./layer_words";

export function lacking({ payload }: Store): HTMLElement[] {
  const why = h("p", { class: "lacking" }, payload.lacking ?? tell("This page holds no network that it can run."));
  if (!payload.layers.length) return [why];
  const rows = payload.layers.map((layer) => h(
    "tr", {}, h("th", { scope: "row" }, layer.name), h("td", {}, kindOf(layer)),
    h("td", {}, times(layer.output_shape)), h("td", {}, whole(layer.parameters)),
  ));
  const names = [tell("Layer"), tell("Kind"), tell("Output"), tell("Parameters")];
  return [why, h(
    "div", { class: "wide" },
    h("table", { class: "plain" }, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)),
  )];
}
