/** What a layer does, in a sentence that somebody understands who sees the first one. */

import { tell } from "../language";
import "../languages/zh/layers";
import { decimal, times, whole } from "../numbers";
import type { ActivationName, LayerRecord } from "../payload";

export const ACTIVATIONS: Record<ActivationName, string> = {
  linear: "linear", relu: "ReLU", leaky_relu: "leaky ReLU", gelu: "GELU", silu: "SiLU", tanh: "tanh", sigmoid: "sigmoid",
  softmax: "softmax",
};

const SENTENCES: Record<string, (layer: LayerRecord) => string> = {
  conv2d: (layer) => tell(
    "{filters} small patterns, the filters, slide over the input. Each one draws a map: strong where its pattern is.",
    { filters: whole(layer.filters!) },
  ),
  max_pooling2d: (layer) => tell(
    "Of each {size} window only the greatest value stays. The maps get smaller, and what was found is kept.",
    { size: times(layer.pool_size!) },
  ),
  average_pooling2d: (layer) => tell(
    "Of each {size} window only the mean stays. The maps get smaller.", { size: times(layer.pool_size!) },
  ),
  global_max_pooling2d: () => tell("Of each map only its greatest value stays: whether the pattern is anywhere at all."),
  global_average_pooling2d: () => tell("Of each map only its mean stays: how much of the pattern there is."),
  flatten: () => tell("All values of all maps are put in one long row. Nothing is changed or lost."),
  dense: (layer) => tell(
    "Each of {units} units multiplies all {inputs} values by weights of its own and adds them up.",
    { units: whole(layer.units!), inputs: whole(layer.input_shape[0]) },
  ),
  activation: () => tell("One function is applied to each value by itself."),
  dropout: (layer) => tell(
    "While the network learned, {share}% of the values were switched off at random, so that it relies on no single one. Now all pass.",
    { share: decimal(100 * (layer.rate ?? 0), 0) },
  ),
  batch_normalization: () => tell(
    "Each map is brought to a common scale, with the mean and the spread that were seen in training.",
  ),
};

const EFFECTS: Record<Exclude<ActivationName, "linear">, string> = {
  relu: "Then ReLU turns every negative value into 0.",
  leaky_relu: "Then leaky ReLU shrinks every negative value to a fifth.",
  gelu: "Then GELU brings negative values close to 0.",
  silu: "Then SiLU brings negative values close to 0.",
  tanh: "Then tanh bends every value into the range from −1 to 1.",
  sigmoid: "Then the sigmoid bends every value into the range from 0 to 1.",
  softmax: "Then softmax turns the sums into shares that add up to 100%.",
};

export function sentenceOf(layer: LayerRecord): string {
  const own = SENTENCES[layer.kind]?.(layer) ?? "";
  const { activation } = layer;
  if (!activation || activation === "linear") return own;
  const effect = tell(EFFECTS[activation]);
  return layer.kind === "activation" ? effect : [own, effect].join(tell(" "));
}

/** The layer's kind as a reader of papers knows it. */
export function kindOf(layer: LayerRecord): string {
  return tell(KINDS[layer.kind] ?? layer.kind);
}

const KINDS: Record<string, string> = {
  conv2d: "Convolution", max_pooling2d: "Max pooling", average_pooling2d: "Average pooling",
  global_max_pooling2d: "Global max pooling", global_average_pooling2d: "Global average pooling", flatten: "Flatten",
  dense: "Dense layer", activation: "Activation", dropout: "Dropout", batch_normalization: "Batch normalization",
};
