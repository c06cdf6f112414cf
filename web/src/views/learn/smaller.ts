/** How maps come to be smaller: pooling, a stride, or one number a map. */

import { h } from "../../dom";
import { percent, tell } from "../../language";
import type { Answer, Step } from "../../network/network";
import { size, type Tensor } from "../../network/tensor";
import { times, whole } from "../../numbers";
import { board } from "../../parts/board";
import { grid } from "../../parts/grid";
import { lookOf, strongest } from "../../parts/maps";
import type { LayerRecord } from "../../payload";
import type { Store } from "../../store";
import { captioned, paragraphs, shifted, type Chapter } from "./chapter";

/** The layer that makes maps smaller, and the way in which it does so; null where none does. */
export function smallerLayer(layers: LayerRecord[]): number | null {
  const pooled = layers.findIndex(({ kind }) => kind === "max_pooling2d" || kind === "average_pooling2d");
  const strided = layers.findIndex(({ kind, strides }) => kind === "conv2d" && Math.max(...strides!) > 1);
  const global = layers.findIndex(({ kind }) => kind.startsWith("global_"));
  return [pooled, strided, global].find((index) => index >= 0) ?? null;
}

export function smaller(layers: LayerRecord[], index: number): Chapter {
  const layer = layers[index];
  if (layer.kind.startsWith("global_")) return oneNumber(index);
  const pools = layer.kind !== "conv2d";
  return {
    question: pools ? "Why pool?" : "Why does it skip places?",
    make(store) {
      const [before, after] = [board(tell("A map before"), layer.input_shape), board(tell("A map after"), layer.output_shape)];
      const text = paragraphs(2);
      const [beforeSize, afterSize] = [layer.input_shape, layer.output_shape].map((shape) => times(shape.slice(0, 2)));
      return {
        element: h("div", {}, h("div", { class: "pair" }, captioned(before.element, beforeSize), h("span", { class: "arrow" }, "→"), captioned(after.element, afterSize)), ...text.elements),
        update(answer, steps) {
          const step = steps[index];
          const channel = loudestMap(step.output);
          before.paint(step.input, { ...lookOf(step.input), channel: pools ? channel : undefined });
          after.paint(step.output, { ...lookOf(step.output), channel });
          text.set(opening(layer), pools ? steadiness(store, index, answer, step) : "");
        },
      };
    },
  };
}

function opening(layer: LayerRecord): string {
  const parts = { before: whole(size(layer.input_shape)), after: whole(size(layer.output_shape)), window: times(layer.pool_size ?? layer.strides!) };
  if (layer.kind === "max_pooling2d")
    return tell("To keep that something was found, and forget exactly where. Of each {window} window only the greatest value stays: {before} values become {after}, so there is less to compute, and each value stands for a larger part of the image.", parts);
  if (layer.kind === "average_pooling2d")
    return tell("To keep how much was found, and forget exactly where. Of each {window} window only the mean stays: {before} values become {after}, so there is less to compute, and each value stands for a larger part of the image.", parts);
  return tell("To have less to compute. The filters move in steps of {window} pixels, and their neighbours see almost the same anyway. Other networks look everywhere, and then pool: they keep only the greatest value of each small window.", parts);
}

/** What a move of the image by one pixel changes before and after the layer. */
function steadiness(store: Store, index: number, answer: Answer, step: Step): string {
  const moved = store.network!.answer(shifted(answer.input, 0, 1)).members[0][index];
  const [before, after] = [change(step.input, moved.input), change(step.output, moved.output)];
  const parts = { before: percent(before, 0), after: percent(after, 0) };
  return after < before
    ? tell("Move this image by one pixel, and the maps before pooling change by {before}, those after it by {after}. Small movements matter less.", parts)
    : tell("Move this image by one pixel, and the maps before pooling change by {before}, those after it by {after}: for this image pooling does not make small movements matter less.", parts);
}

/** The sum of all changes, as a share of the sum of all values. */
function change(one: Tensor, other: Tensor): number {
  let [changes, values] = [0, 0];
  one.values.forEach((value, i) => {
    changes += Math.abs(value - other.values[i]);
    values += Math.abs(value);
  });
  return changes / (values || 1);
}

export function loudestMap({ shape, values }: Tensor): number {
  let best = 0;
  values.forEach((value, i) => (best = value > values[best] ? i : best));
  return best % shape[2];
}

function oneNumber(index: number): Chapter {
  return {
    question: "Why only one number a map?",
    make(store) {
      const layer = store.network!.record.layers[index];
      const greatest = layer.kind === "global_max_pooling2d";
      const map = board(tell("A map before"), layer.input_shape);
      const value = grid(tell("What stays of it"), 1, 1);
      const text = paragraphs(1);
      text.set(greatest
        ? tell("To keep that something was found, and forget where. Of each map only its greatest value stays.")
        : tell("To keep how much of something there is, and forget where. Of each map only its mean stays."));
      return {
        element: h("div", {}, h("div", { class: "pair" }, captioned(map.element, tell("one map")), h("span", { class: "arrow" }, "→"), captioned(value.element, tell("what stays of it"))), ...text.elements),
        update(_, steps) {
          const { input, output } = steps[index];
          const channel = loudestMap(input);
          const look = lookOf(input);
          const { row, column } = strongest(input, channel);
          map.paint(input, { ...look, channel });
          map.mark(greatest ? { top: row, left: column, bottom: row + 1, right: column + 1 } : null);
          value.show({ values: [output.values[channel]], signed: look.scale === "signed", most: look.range![1] });
        },
      };
    },
  };
}
