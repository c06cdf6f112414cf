/** One filter at one place: patch times weights, product by product, summed over all input maps. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Step } from "../../network/network";
import { decimal, bracketed, whole } from "../../numbers";
import { columns } from "../../parts/columns";
import { grid } from "../../parts/grid";
import { lookOf } from "../../parts/maps";
import { curve } from "../../parts/curve";
import { activating, equation, sign, term } from "./equation";
import type { Scene, Setting } from "./scene";
import { sliding } from "./sliding";
import { added, sumAt, type Sum } from "../../network/sums";

export function convolution(setting: Setting): Scene {
  const { layer, unit } = setting;
  const [tall, wide] = layer.kernel_size!;
  const [, , maps] = layer.input_shape;
  const size = tall * wide;
  const kernel = setting.weight("weight").slice(unit * maps * size, (unit + 1) * maps * size);
  const bias = layer.use_bias ? setting.weight("bias")[unit] : 0;
  const activation = layer.activation ?? "linear";
  const strongestWeight = kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  let map: number | null = null; // the input map that is shown; null as long as nobody chose one
  let counted: number | null = null; // products so far; null where all are
  let pointed: number | null = null;
  let now: { sum: Sum; map: number; row: number; column: number; step: Step } | null = null;

  const point = (cell: number | null): void => {
    pointed = cell;
    tables();
  };
  const [patch, weights, products] = [tell("Patch"), tell("Weights"), tell("Products")].map((label) => grid(label, tall, wide, point));
  const one = h("p", { class: "one" });
  const line = equation();
  const bend = activation === "linear" || activation === "softmax" ? null : curve(activation);
  const shares = columns(tell("What each input map adds to the sum"), maps, (next) => {
    map = next;
    counted = null;
    slide.again();
  });
  const which = h("p", { class: "which" });

  const slide = sliding(setting, {
    middle: h(
      "div", { class: "products" },
      captioned(patch.element, tell("patch")), sign("×"), captioned(weights.element, tell("weights")), sign("="),
      captioned(products.element, tell("products")), one,
    ),
    look: (step) => (maps === 3 && map === null && setting.layers.length === 1 ? {} : { ...lookOf(step.input), channel: shownMap(step) }),
    shown,
    count: () => (counted = counted === null || counted >= size ? 1 : counted + 1),
    playing: (on) => line.heard(!on),
  });

  function shownMap(step: Step): number {
    return map ?? (now?.step === step ? now.map : 0);
  }

  function shown(step: Step, row: number, column: number): string {
    const sum = sumAt(layer, step.input, kernel, row, column);
    if (now && (now.row !== row || now.column !== column || now.step !== step)) counted = null;
    now = { sum, map: map ?? greatest(sum.perMap), row, column, step };
    tables();
    shares.show(sum.perMap, now.map, shareText(now.map, sum.perMap[now.map]));
    which.textContent = shareText(now.map, sum.perMap[now.map]);
    return calculation(sum, step, row, column);
  }

  function tables(): void {
    if (!now) return;
    const { sum, step } = now;
    const part = <T extends { slice(from: number, to: number): T }>(values: T): T =>
      values.slice(now!.map * size, (now!.map + 1) * size);
    const look = lookOf(step.input);
    const [low, high] = look.range!;
    const marked = pointed ?? (counted === null ? undefined : counted - 1);
    const outside = part(sum.outside);
    patch.show({ values: part(sum.patch), signed: look.scale === "signed", most: Math.max(high, -low), outside, marked });
    weights.show({ values: part(kernel), signed: true, most: strongestWeight, marked });
    const all = part(sum.products);
    products.show({ values: all, signed: true, most: Math.max(...all.map(Math.abs)), marked, counted: counted ?? undefined });
    one.textContent = marked === undefined ? "" : oneProduct(part(sum.patch)[marked], part(kernel)[marked], all, outside[marked]);
  }

  function oneProduct(value: number, weight: number, all: Float64Array, outside: boolean): string {
    const text = `${bracketed(value)} × ${bracketed(weight)} = ${decimal(value * weight)}`;
    if (outside) return tell("{product}: outside the input everything is 0", { product: text });
    return counted === null ? text : tell("{product}; {count} of {all} products make {sum}", {
      product: text, count: counted, all: size, sum: decimal(added(all.slice(0, counted)), 3),
    });
  }

  function calculation(sum: Sum, step: Step, row: number, column: number): string {
    const at = (row * layer.output_shape[1] + column) * layer.output_shape[2] + unit;
    const [linear, output] = [step.linear.values[at], step.output.values[at]];
    const own = maps === 1
      ? [term(sum.total, tell("sum of {count} products", { count: size }))]
      : [
        term(sum.perMap[now!.map], tell("sum of this map's {count}", { count: size })), sign("+"),
        term(sum.total - sum.perMap[now!.map], tell("sum of the other {count} maps", { count: whole(maps - 1) })),
      ];
    line.show(...own, sign("+"), term(bias, layer.use_bias ? tell("bias") : tell("no bias")), sign("="),
      term(linear, tell("sum"), activation === "linear"), ...activating(activation, output));
    bend?.show(linear, output);
    return tell("Row {row}, column {column}: {value}", { row: row + 1, column: column + 1, value: decimal(output, 3) });
  }

  function shareText(number: number, share: number): string {
    if (maps === 3 && setting.layers.length === 1)
      return tell("Shown is how much {colour} there is; it adds {share}.", { colour: tell(["red", "green", "blue"][number]), share: decimal(share, 3) });
    return tell("Shown is input map {number} of {count}; it adds {share}.", {
      number: number + 1, count: whole(maps), share: decimal(share, 3),
    });
  }

  const many = h("div", { class: "shares" }, h("h3", {}, tell("What each input map adds to the sum")), shares.element, which);
  return {
    element: h("div", { class: "convolution" }, slide.element, h("div", { class: "result" }, line.element, bend?.element), maps > 1 && many),
    update: slide.update,
    end: slide.end,
  };
}

function captioned(element: HTMLElement, text: string): HTMLElement {
  return h("figure", {}, element, h("figcaption", {}, text));
}

/** The one that counts most, whichever way. */
function greatest(values: Float64Array): number {
  return values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]) ? i : best), 0);
}
