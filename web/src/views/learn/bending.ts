/** What an activation does to the values of a layer. */

import { h } from "../../dom";
import { percent, tell } from "../../language";
import type { Step } from "../../network/network";
import type { Tensor } from "../../network/tensor";
import { whole } from "../../numbers";
import { board } from "../../parts/board";
import { curve } from "../../parts/curve";
import { ACTIVATIONS } from "../../parts/layer_words";
import { lookOf } from "../../parts/maps";
import { strip } from "../../parts/strip";
import type { ActivationName, LayerRecord } from "../../payload";
import { captioned, paragraphs, type Chapter } from "./chapter";

/** The first layer that bends its values; -1 where none does. */
export function bendingLayer(layers: LayerRecord[]): number {
  return layers.findIndex(({ activation }) => activation && activation !== "linear" && activation !== "softmax");
}

export function bending(layers: LayerRecord[]): Chapter {
  const index = bendingLayer(layers);
  if (index < 0) return unbent;
  const layer = layers[index];
  const name = layer.activation!;
  return {
    question: name === "relu" ? "What does ReLU throw away?" : "What does the activation do?",
    make() {
      const isMap = layer.output_shape.length === 3;
      const [count] = layer.output_shape;
      const pair = [tell("before"), tell("after")].map((label) => {
        if (!isMap) {
          const own = strip(label, count);
          return { element: captioned(own.element, label), show: ({ values }: Tensor, _: number) => own.update(values) };
        }
        const own = board(label, layer.output_shape);
        return { element: captioned(own.element, label), show: (tensor: Tensor, channel: number) => own.paint(tensor, { ...lookOf(tensor), channel }) };
      });
      const bend = curve(name);
      const text = paragraphs(3);
      const normalised = layers[index - 1]?.kind === "batch_normalization";
      return {
        element: h("div", {}, h("div", { class: isMap ? "row" : "stack" }, pair[0].element, captioned(bend.element, ACTIVATIONS[name]), pair[1].element), ...text.elements),
        update(_, steps) {
          const { before, after } = around(steps[index]);
          const channel = isMap ? mixed(before) : 0;
          pair[0].show(before, channel);
          pair[1].show(after, channel);
          bend.show(...dotOf(name));
          const negative = before.values.reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0);
          text.set(effect(name, negative, before.values.length), tell(
            "Why do so? Sums of sums are only sums: without a bend between them, ten layers could do no more than one. With it, each layer can build on what the one before has decided.",
          ), [
            isMap ? tell("You see map {number} of {count}, where some values are below 0 and some above.", { number: channel + 1, count: layer.output_shape[2] }) : "",
            normalised ? tell("Just before, batch normalization has brought each map to a common scale: the mean is taken away, and the spread made 1, and then both are set anew to what was learned.") : "",
          ].filter(Boolean).join(tell(" ")));
        },
      };
    },
  };
}

const unbent: Chapter = {
  question: "Is anything decided on the way?",
  make() {
    const text = paragraphs(1);
    text.set(tell("No. Most networks bend their values between layers, for instance by turning negative ones into 0. This one does not, so all of its layers together are one weighted sum of the pixels."));
    return { element: h("div", {}, ...text.elements) };
  },
};

function around({ layer, input, linear, output }: Step): { before: Tensor; after: Tensor } {
  return { before: layer.kind === "activation" ? input : linear, after: output };
}

/** The map whose values are the most evenly above and below 0. */
function mixed({ shape, values }: Tensor): number {
  const channels = shape[2];
  const below = new Float64Array(channels);
  values.forEach((value, i) => (below[i % channels] += value < 0 ? 1 : 0));
  const half = values.length / channels / 2;
  return below.reduce((best, count, i) => (Math.abs(count - half) < Math.abs(below[best] - half) ? i : best), 0);
}

function dotOf(name: ActivationName): [number, number] {
  const made: Partial<Record<ActivationName, number>> = { relu: 0, leaky_relu: -0.2, gelu: -0.1587, silu: -0.2689, tanh: -0.7616, sigmoid: 0.2689 };
  return [-1, made[name] ?? -1];
}

function effect(name: ActivationName, negative: number, count: number): string {
  const parts = { share: percent(negative / count, 0), count: whole(count), name: ACTIVATIONS[name] };
  if (name === "relu")
    return tell("Everything below 0. {share} of the {count} values of this layer were negative (blue) and are 0 now: “my pattern is not here” is all that is kept of them, and not by how much.", parts);
  if (name === "tanh" || name === "sigmoid")
    return tell("It bends: small values pass almost as they are, large ones are held near an end of the scale. {share} of the {count} values were negative.", parts);
  return tell("It bends: positive values pass almost as they are, negative ones shrink. {share} of the {count} values were negative.", parts);
}
