/** What one filter looks for, and why it slides. */

import { h } from "../../dom";
import { tell } from "../../language";
import { windowOf } from "../../network/field";
import { weightsOf, type Step } from "../../network/network";
import { argmax, size, tensor, type Tensor } from "../../network/tensor";
import { decimal, times, whole } from "../../numbers";
import { board } from "../../parts/board";
import { lookOf, strongest } from "../../parts/maps";
import { extent, paint, picture } from "../../parts/picture";
import type { LayerRecord } from "../../payload";
import type { Store } from "../../store";
import { captioned, mapOf, paragraphs, shifted, type Chapter } from "./chapter";

/** The filter of a layer that answers most, and where. */
export function loudest({ linear }: Step): { filter: number; row: number; column: number } {
  const [, width, filters] = linear.shape;
  const best = argmax(linear.values);
  const place = Math.floor(best / filters);
  return { filter: best % filters, row: Math.floor(place / width), column: place % width };
}

/** The weights of a filter for one input map. */
export function kernelOf(store: Store, layer: LayerRecord, filter: number, map: number): Tensor {
  const [tall, wide] = layer.kernel_size!;
  const length = tall * wide;
  const start = (filter * layer.input_shape[2] + map) * length;
  return tensor([tall, wide, 1], weightsOf(store.network!.record, layer, 0)("weight").slice(start, start + length));
}

export function oneFilter(index: number): Chapter {
  return {
    question: "What is one filter looking for?",
    make(store) {
      const layer = store.network!.record.layers[index];
      const [, , channels] = layer.input_shape;
      const image = board(tell("The image, with the place that fits best"), layer.input_shape);
      const kernels = Array.from({ length: Math.min(channels, 3) }, (_, map) => ({ map, canvas: picture(tell("The weights of the filter"), null) }));
      const [best, worst] = [piece(tell("The piece that fits best")), piece(tell("The piece that fits worst"))];
      const text = paragraphs(2);
      return {
        element: h(
          "div", {},
          h("div", { class: "row" },
            captioned(h("div", { class: "kernels" }, kernels.map(({ canvas }) => canvas)), channels === 3 ? tell("the filter: for red, green and blue") : tell("the filter")),
            best.element, worst.element, captioned(image.element, tell("where it fits best"))),
          ...text.elements,
        ),
        update(_, steps) {
          const step = steps[index];
          const { filter, row, column } = loudest(step);
          const own = mapOf(step.linear, filter);
          const least = argmax(own.values.map((value) => -value));
          const low = { row: Math.floor(least / own.shape[1]), column: least % own.shape[1] };
          for (const { map, canvas } of kernels) {
            const kernel = kernelOf(store, layer, filter, map);
            paint(canvas, kernel, { scale: "signed", range: extent(kernel) });
          }
          best.show(step, row, column, own);
          worst.show(step, low.row, low.column, own);
          image.paint(step.input);
          image.mark(windowOf(layer, row, column));
          text.set(
            tell("A small pattern. A filter is a picture of weights, here {size}. It is laid over a piece of the image, each pixel is multiplied by the weight that lies on it, and everything is added. Where light lies on orange and dark on blue the sum is large.", { size: times(layer.kernel_size!) }),
            tell("This is filter {number} of the {count} of the first layer, the one that answers your image most. Nobody drew it: its weights were learned.", { number: filter + 1, count: layer.filters! }),
          );
        },
      };
    },
  };
}

function piece(label: string): { element: HTMLElement; show(step: Step, row: number, column: number, map: Tensor): void } {
  const canvas = picture(label, null);
  const caption = h("figcaption");
  return {
    element: h("figure", { class: "piece" }, canvas, caption),
    show({ layer, input }, row, column, map) {
      const { top, left, bottom, right } = windowOf(layer, row, column);
      const [height, width, channels] = input.shape;
      const cut = tensor([bottom - top, right - left, channels]);
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++)
          for (let channel = 0; channel < channels; channel++)
            if (y >= 0 && y < height && x >= 0 && x < width)
              cut.values[((y - top) * (right - left) + x - left) * channels + channel] = input.values[(y * width + x) * channels + channel];
      paint(canvas, cut);
      caption.textContent = tell("{label}: sum {sum}", { label, sum: decimal(map.values[row * map.shape[1] + column]) });
    },
  };
}

export function sliding(index: number): Chapter {
  return {
    question: "Why does the filter slide?",
    make(store) {
      const layer = store.network!.record.layers[index];
      const pairs = [tell("your image"), tell("your image, moved")].map((name) => {
        const [image, map] = [board(name, layer.input_shape), board(tell("What the filter finds in it"), layer.output_shape)];
        return { image, map, element: h("div", { class: "pair" }, captioned(image.element, name), h("span", { class: "arrow" }, "→"), captioned(map.element, tell("the map of what the filter finds"))) };
      });
      const text = paragraphs(2);
      const [height, width] = layer.input_shape;
      const moved: [number, number] = [Math.max(Math.round(height / 9), 1), Math.max(Math.round(width / 9), 1)];
      return {
        element: h("div", {}, pairs.map(({ element }) => element), ...text.elements),
        update(answer, steps) {
          const step = steps[index];
          const { filter } = loudest(step);
          const other = store.network!.answer(shifted(answer.input, ...moved)).members[0][index];
          const look = { ...lookOf(step.linear), channel: filter };
          for (const [i, each] of [step, other].entries()) {
            const { row, column } = strongest(each.linear, filter);
            pairs[i].image.paint(each.input);
            pairs[i].image.mark(windowOf(layer, row, column));
            pairs[i].map.paint(each.linear, look);
            pairs[i].map.mark({ top: row, left: column, bottom: row + 1, right: column + 1 });
          }
          const [places, weights] = [size(layer.output_shape.slice(0, 2)), size(layer.kernel_size!) * layer.input_shape[2]];
          text.set(
            tell("Because a thing stays the same thing wherever it lies. The same {weights} weights are used at all {places} places, and what the filter finds there is drawn as a picture of its own, the map: orange where it finds its pattern. When the image moves, the map moves along. Outlined is where it finds most.", { weights: whole(weights), places: whole(places) }),
            tell("It saves work as well: this layer has {own} parameters. Weights of its own for each pixel and each value would have been {dense}.", {
              own: whole(layer.parameters), dense: whole(size(layer.input_shape) * size(layer.output_shape)),
            }),
          );
        },
      };
    },
  };
}

/** In place of filters, where the pixels go straight into a dense layer. */
export function oneUnit(index: number): Chapter {
  return {
    question: "What is one unit looking for?",
    make(store) {
      const { layers, input_shape } = store.network!.record;
      const layer = layers[index];
      const [height, width, channels] = input_shape;
      const canvas = picture(tell("The weights of one unit, as a picture"), null);
      const image = picture(tell("The image that is looked at"), null);
      const text = paragraphs(2);
      const weights = weightsOf(store.network!.record, layer, 0)("weight");
      return {
        element: h("div", {}, h("div", { class: "row" }, captioned(image, tell("your image")), captioned(canvas, tell("the weights of one unit"))), ...text.elements),
        update(answer, steps) {
          const unit = argmax(steps[index].linear.values);
          const own = tensor([height, width, channels], weights.slice(unit * size(input_shape), (unit + 1) * size(input_shape)));
          paint(image, answer.input);
          paint(canvas, own, { scale: "signed", range: extent(own), channel: 0 });
          text.set(
            tell("A picture. This network has no small filters: each unit has a weight for every pixel. Pixel times weight, all added: the sum is large where light lies on orange and dark on blue."),
            tell("This is unit {number} of {count}, the one that answers your image most. It finds its picture only where it was in training, and not when it has moved.", { number: unit + 1, count: layer.units! }),
          );
        },
      };
    },
  };
}
