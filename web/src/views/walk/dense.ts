/** One unit of a dense layer: which inputs speak for it, and which against it. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Step } from "../../network/network";
import { tensor } from "../../network/tensor";
import { bracketed, decimal, whole } from "../../numbers";
import { board } from "../../parts/board";
import { columns } from "../../parts/columns";
import { extent } from "../../parts/picture";
import { curve } from "../../parts/curve";
import { activating, equation, sign, term } from "./equation";
import { evidenceOf, origin } from "../../parts/origin";
import type { Scene, Setting } from "./scene";
import { softmaxTable } from "./softmax";
import { added } from "../../network/sums";

const NAMED = 5;
/** Beyond so many inputs they are shown by where they lie, and not one by one. */
const MOST_COLUMNS = 256;

export function dense(setting: Setting): Scene {
  const { layer, unit } = setting;
  const [inputs] = layer.input_shape;
  const weights = setting.weight("weight").slice(unit * inputs, (unit + 1) * inputs);
  const bias = layer.use_bias ? setting.weight("bias")[unit] : 0;
  const activation = layer.activation ?? "linear";
  const from = origin(setting.layers);
  const line = equation();
  const bend = activation === "linear" || activation === "softmax" ? null : curve(activation);
  const table = activation === "softmax" ? softmaxTable(setting.store, unit) : null;
  const where = from.place ? board(tell("Where the evidence lies"), from.place) : null;
  const [pro, contra] = [h("ol"), h("ol")];
  const one = h("p", { class: "which" });
  let products = new Float64Array(inputs);
  let values: Float32Array = new Float32Array(inputs);
  let chosen = 0;
  const each = inputs <= MOST_COLUMNS ? columns(tell("What each input adds to the sum"), inputs, (next) => {
    chosen = next;
    choose();
  }) : null;

  function choose(): void {
    const text = tell("{input}: {product}", { input: from.name(chosen), product: product(values, weights, chosen) });
    each?.show(products, chosen, text);
    one.textContent = each ? text : "";
  }

  function update(step: Step): void {
    values = step.input.values;
    products = Float64Array.from(values, (value, i) => value * weights[i]);
    const order = Array.from(products.keys()).sort((a, b) => products[b] - products[a]);
    list(pro, order.filter((i) => products[i] > 0).slice(0, NAMED));
    list(contra, order.filter((i) => products[i] < 0).reverse().slice(0, NAMED));
    chosen = order[0];
    choose();
    if (where) {
      const evidence = tensor([...from.place!, 1], evidenceOf(products, from));
      where.paint(evidence, { scale: "signed", range: extent(evidence) });
    }
    const [linear, output] = [step.linear.values[unit], step.output.values[unit]];
    line.show(term(added(products), tell("sum of {count} products", { count: whole(inputs) })), sign("+"),
      term(bracketed(bias, 3), layer.use_bias ? tell("bias") : tell("no bias")), sign("="),
      term(linear, tell("sum"), activation === "linear"), ...activating(activation, output));
    bend?.show(linear, output);
    table?.update(step.linear.values);
  }

  function list(element: HTMLElement, numbers: number[]): void {
    element.replaceChildren(...numbers.map((i) => h("li", {}, h("span", {}, from.name(i)), " ", h("b", {}, product(values, weights, i)))));
  }

  return {
    element: h(
      "div", { class: "dense" },
      h("div", { class: "stage" },
        where && h("figure", {}, where.element, h("figcaption", {}, tell("where the evidence lies: orange speaks for it, blue against it"))),
        h("div", { class: "votes" }, h("h3", {}, tell("What speaks for it most")), pro, h("h3", {}, tell("What speaks against it most")), contra)),
      each && h("div", { class: "shares" }, h("h3", {}, tell("What each input adds to the sum")), each.element, one),
      h("div", { class: "result" }, line.element, bend?.element),
      table?.element,
    ),
    update,
  };
}

function product(values: ArrayLike<number>, weights: ArrayLike<number>, i: number): string {
  return `${decimal(values[i])} × ${bracketed(weights[i])} = ${decimal(values[i] * weights[i])}`;
}
