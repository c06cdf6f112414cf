/** Layers that treat each value by itself: an activation, batch normalization, dropout. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Step } from "../../network/network";
import { bracketed, decimal } from "../../numbers";
import { board, type Board } from "../../parts/board";
import { lookOf, strongest } from "../../parts/maps";
import { strip } from "../../parts/strip";
import { curve } from "../../parts/curve";
import { activating, equation, sign, term } from "./equation";
import type { Scene, Setting } from "./scene";

type Calculation = (given: number, made: number) => HTMLElement[];

export function pointwise(setting: Setting): Scene {
  const { layer, unit } = setting;
  const activation = layer.kind === "activation" ? layer.activation ?? "linear" : "linear";
  const bend = activation === "linear" || activation === "softmax" ? null : curve(activation);
  const calculation = layer.kind === "batch_normalization" ? normalizing(setting) : layer.kind === "activation"
    ? (given: number, made: number) => [term(given, tell("before")), ...activating(activation, made)]
    : (given: number) => [term(given, tell("before")), sign("="), term(given, tell("after"), true)];
  const line = equation();
  const shown = (given: number, made: number): void => {
    line.show(...calculation(given, made));
    bend?.show(given, made);
  };
  const pair = layer.output_shape.length === 3 ? ofMaps(setting, shown) : ofVector(unit, layer.output_shape[0], shown);
  return { element: h("div", {}, pair.element, h("div", { class: "result" }, line.element, bend?.element)), update: pair.update };
}

/** The same place of a map before and after. */
function ofMaps({ layer, unit, place, moved, shown: seen }: Setting, shown: (given: number, made: number) => void): Scene {
  const [height, width, maps] = layer.output_shape;
  let at = place;
  let last: Step | null = null;
  const to = (row: number, column: number): void => {
    at = [Math.min(Math.max(row, 0), height - 1), Math.min(Math.max(column, 0), width - 1)];
    moved(...at);
    if (last) update(last);
  };
  const moves = { to, by: (down: number, across: number) => to(at![0] + down, at![1] + across) };
  const [before, after] = [tell("The map before"), tell("The map after")].map((label) => board(label, layer.output_shape, moves));

  function update(step: Step): void {
    last = step;
    if (!at) {
      const { row, column } = strongest(step.output, unit);
      at = [row, column];
    }
    const [top, left] = at;
    const number = (top * width + left) * maps + unit;
    for (const [own, tensor] of [[before, step.input], [after, step.output]] as [Board, typeof step.input][]) {
      own.paint(tensor, { ...lookOf(tensor), channel: unit });
      own.mark({ top, left, bottom: top + 1, right: left + 1 }, decimal(tensor.values[number], 3));
    }
    shown(step.input.values[number], step.output.values[number]);
    seen(top, left);
  }

  const figure = (own: Board, text: string): HTMLElement => h("figure", {}, own.element, h("figcaption", {}, text));
  return { element: h("div", { class: "stage" }, figure(before, tell("before")), figure(after, tell("after"))), update };
}

function ofVector(unit: number, count: number, shown: (given: number, made: number) => void): Scene {
  let last: Step | null = null;
  const choose = (next: number): void => {
    unit = next;
    if (last) update(last);
  };
  const [before, after] = [tell("Values before"), tell("Values after")].map((label) => strip(label, count, choose));

  function update(step: Step): void {
    last = step;
    before.update(step.input.values);
    after.update(step.output.values);
    before.mark(unit, decimal(step.input.values[unit], 3));
    after.mark(unit, decimal(step.output.values[unit], 3));
    shown(step.input.values[unit], step.output.values[unit]);
  }

  const figure = (element: HTMLElement, text: string): HTMLElement => h("figure", { class: "long" }, element, h("figcaption", {}, text));
  return { element: h("div", { class: "stack" }, figure(before.element, tell("before")), figure(after.element, tell("after"))), update };
}

/** What batch normalization does to one value, with the numbers of its map. */
function normalizing({ layer, unit, weight }: Setting): Calculation {
  const [gain, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((name) => weight(name)[unit]);
  const spread = Math.sqrt(variance + layer.epsilon!);
  return (given, made) => [
    sign("("), term(given, tell("before")), sign("−"), term(bracketed(mean, 3), tell("mean in training")), sign(") ÷"),
    term(spread, tell("spread in training")), sign("×"), term(bracketed(gain, 3), tell("learned gain")), sign("+"),
    term(bracketed(bias, 3), tell("learned shift")), sign("="), term(made, tell("after"), true),
  ];
}
