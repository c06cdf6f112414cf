/** Why a view that needs the network cannot be shown, and what the network is made of all the same. */

import "./table.css";
import { h } from "../dom";
import { tell } from "../language";
import "../languages/zh/layers";
import { times, whole } from "../numbers";
import type { LayerRecord } from "../payload";
import type { Store } from "../store";
import { kindOf } from "./layer_words";
import { canPaint } from "./picture";

/** Null where nothing is lacking. */
export function lacking({ payload, network }: Store): HTMLElement[] | null {
  if (network && canPaint()) return null;
  const why = network
    ? tell("This browser cannot paint (it has no canvas), so nothing can be shown here. Another browser, or another setting of this one, can.")
    : payload.lacking ?? tell("This page holds no network that it can run.");
  return [h("p", { class: "lede" }, why), ...(payload.layers.length ? [tableOf(payload.layers)] : [])];
}

function tableOf(layers: LayerRecord[]): HTMLElement {
  const rows = layers.map((layer) => h(
    "tr", {}, h("th", { scope: "row" }, layer.name), h("td", {}, kindOf(layer)),
    h("td", {}, times(layer.output_shape)), h("td", {}, whole(layer.parameters)),
  ));
  const names = [tell("Layer"), tell("Kind"), tell("Output"), tell("Parameters")];
  return h(
    "div", { class: "wide" },
    h("table", { class: "plain" }, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)),
  );
}
