/** What a layer makes of maps, and how much of the image its values see. */

import { h } from "../../dom";
import { tell } from "../../language";
import { receptiveField, windowOf } from "../../network/field";
import { sumAt } from "../../network/sums";
import { decimal, times, whole } from "../../numbers";
import { board } from "../../parts/board";
import { lookOf } from "../../parts/maps";
import { extent, paint, picture } from "../../parts/picture";
import type { LayerRecord } from "../../payload";
import { weightsOf } from "../../network/network";
import { captioned, paragraphs, type Chapter } from "./chapter";
import { kernelOf, loudest } from "./filters";

const SHOWN = 4;

/** Of a network with two convolutions or more: of the second one. */
export function mapOfMaps(index: number): Chapter {
  return {
    question: "What is a map of maps?",
    make(store) {
      const { layers } = store.network!.record;
      const layer = layers[index];
      const [, , maps] = layer.input_shape;
      const rows = Array.from({ length: Math.min(SHOWN, maps) }, () => ({
        input: board(tell("A map that goes in"), layer.input_shape), kernel: picture(tell("The weights for it"), null), share: h("b"),
      }));
      const image = board(tell("The image, with what this value sees of it"), layers[0].input_shape);
      const rest = h("p", { class: "rest" });
      const text = paragraphs(2);
      const all = weightsOf(store.network!.record, layer, 0)("weight");
      return {
        element: h(
          "div", {},
          h("div", { class: "row" },
            h("div", { class: "sums" }, rows.map(({ input, kernel, share }) => h("div", {}, input.element, h("span", {}, "×"), kernel, h("span", {}, "="), share)), rest),
            captioned(image.element, tell("what this value sees of the image"))),
          ...text.elements,
        ),
        update(answer, steps) {
          const step = steps[index];
          const { filter, row, column } = loudest(step);
          const length = all.length / layer.filters!;
          const sum = sumAt(layer, step.input, all.subarray(filter * length, (filter + 1) * length), row, column);
          const order = Array.from(sum.perMap.keys()).sort((a, b) => Math.abs(sum.perMap[b]) - Math.abs(sum.perMap[a]));
          rows.forEach(({ input, kernel, share }, i) => {
            const own = kernelOf(store, layer, filter, order[i]);
            input.paint(step.input, { ...lookOf(step.input), channel: order[i] });
            input.mark(windowOf(layer, row, column));
            paint(kernel, own, { scale: "signed", range: extent(own) });
            share.textContent = decimal(sum.perMap[order[i]]);
          });
          const others = sum.total - rows.reduce((total, _, i) => total + sum.perMap[order[i]], 0);
          rest.textContent = maps > rows.length
            ? tell("The other {count} maps add {others}; all together {total}.", { count: maps - rows.length, others: decimal(others), total: decimal(sum.total) })
            : tell("All together {total}.", { total: decimal(sum.total) });
          const field = receptiveField(layers.slice(0, index + 1), row, column);
          image.paint(answer.input);
          image.mark(field);
          text.set(
            tell("The next filters slide over the maps, and not over the image: over all {count} of them at once, with weights for each. So a filter here can ask for several things together: this edge, and that one below it. Shown are the maps that count most here.", { count: whole(maps) }),
            tell("That is how simple patterns become parts, and parts become things. A value of the first layer sees {first} pixels of the image, this one {own}.", {
              first: sides(layers.slice(0, firstConvolution(layers) + 1)), own: times([field.bottom - field.top, field.right - field.left]),
            }),
          );
        },
      };
    },
  };
}

/** Of a network with one convolution. */
export function howMuch(index: number): Chapter {
  return {
    question: "How much of the image does one value see?",
    make(store) {
      const { layers } = store.network!.record;
      const [image, map] = [board(tell("The image, with what one value sees of it"), layers[0].input_shape), board(tell("The map, with that value"), layers[index].output_shape)];
      const text = paragraphs(1);
      return {
        element: h("div", {}, h("div", { class: "pair" }, captioned(image.element, tell("your image")), h("span", { class: "arrow" }, "→"), captioned(map.element, tell("one map"))), ...text.elements),
        update(answer, steps) {
          const { filter, row, column } = loudest(steps[index]);
          image.paint(answer.input);
          image.mark(receptiveField(layers.slice(0, index + 1), row, column));
          map.paint(steps[index].linear, { ...lookOf(steps[index].linear), channel: filter });
          map.mark({ top: row, left: column, bottom: row + 1, right: column + 1 });
          text.set(tell("{size} pixels, and no more. In deeper networks further filters slide over the maps of the first ones: so simple patterns become parts, and parts become things. This network has one such layer alone, and what follows has to do the rest.", { size: sides(layers.slice(0, index + 1)) }));
        },
      };
    },
  };
}

function firstConvolution(layers: LayerRecord[]): number {
  return layers.findIndex(({ kind }) => kind === "conv2d");
}

/** The size of what a value of the last of these layers sees. */
function sides(layers: LayerRecord[]): string {
  return times(layers[layers.length - 1].receptive_field);
}
