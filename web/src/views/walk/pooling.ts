/** One window of a pooling layer, and global pooling, whose window is the whole map. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Step } from "../../network/network";
import { argmax } from "../../network/tensor";
import { decimal, whole } from "../../numbers";
import { board } from "../../parts/board";
import { grid } from "../../parts/grid";
import { lookOf } from "../../parts/maps";
import { equation, sign, term } from "./equation";
import type { Scene, Setting } from "./scene";
import { sliding } from "./sliding";
import { added, patchAt } from "../../network/sums";

export function pooling(setting: Setting): Scene {
  const { layer, unit } = setting;
  const [tall, wide] = layer.pool_size!;
  const greatest = layer.kind === "max_pooling2d";
  const cells = grid(tell("Window"), tall, wide);
  const line = equation();
  const slide = sliding(setting, {
    middle: h("div", { class: "products" }, h("figure", {}, cells.element, h("figcaption", {}, tell("window")))),
    look: (step) => ({ ...lookOf(step.input), channel: unit }),
    shown,
    playing: (on) => line.heard(!on),
  });

  function shown(step: Step, row: number, column: number): string {
    const { values, outside } = patchAt(layer, step.input, unit, row, column);
    const inside = values.filter((_, i) => !outside[i]);
    const look = lookOf(step.input);
    const marked = greatest ? values.findIndex((value, i) => !outside[i] && value === Math.max(...inside)) : undefined;
    cells.show({ values, outside, signed: look.scale === "signed", most: Math.max(look.range![1], -look.range![0]), marked });
    const output = step.output.values[(row * layer.output_shape[1] + column) * layer.output_shape[2] + unit];
    line.show(...folded(greatest, inside, output));
    return tell("Row {row}, column {column}: {value}", { row: row + 1, column: column + 1, value: decimal(output, 3) });
  }

  return { element: h("div", {}, slide.element, line.element), update: slide.update, end: slide.end };
}

export function globalPooling(setting: Setting): Scene {
  const { layer, unit } = setting;
  const greatest = layer.kind === "global_max_pooling2d";
  const [, width, channels] = layer.input_shape;
  const map = board(tell("Map {number}", { number: unit + 1 }), layer.input_shape);
  const line = equation();

  function update(step: Step): void {
    const values = [...step.input.values.filter((_, i) => i % channels === unit)];
    const best = argmax(values);
    const [top, left] = [Math.floor(best / width), best % width];
    map.paint(step.input, { ...lookOf(step.input), channel: unit });
    map.mark(greatest ? { top, left, bottom: top + 1, right: left + 1 } : null);
    line.show(...folded(greatest, values, step.output.values[unit]));
  }

  return { element: h("div", { class: "stage" }, h("figure", {}, map.element), line.element), update };
}

/** The calculation; many values are counted and not written out. */
function folded(greatest: boolean, values: number[], output: number): HTMLElement[] {
  const all = values.length <= 9 ? values.map((value) => decimal(value)).join(greatest ? ", " : " + ") : "";
  const count = whole(values.length);
  if (greatest)
    return [term(all || "…", values.length === 1 ? tell("the only value") : tell("{count} values", { count })), sign("→"), term(output, tell("the greatest of them"), true)];
  return [
    term(added(values), all ? all : tell("sum of {count} values", { count })), sign("÷"), term(count, tell("values")),
    sign("="), term(output, tell("their mean"), true),
  ];
}
