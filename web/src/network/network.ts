/** A run's network: from pixels to the output of every layer, and to probabilities. */

import { unpack, type LayerRecord, type NetworkRecord } from "../payload";
import { activated, LAYERS, softmaxed, type Run, type Weight } from "./layers";
import { tensor, type Tensor } from "./tensor";

/** What one layer made of an image. */
export interface Step {
  layer: LayerRecord;
  input: Tensor;
  /** Before the layer's own activation. */
  linear: Tensor;
  output: Tensor;
}

export interface Answer {
  /** The image itself, [height, width, channels], 0 to 1. */
  input: Tensor;
  /** Of each member of the vote, the steps of the image itself (no test-time view); of one network, those alone. */
  members: Step[][];
  /** Mean over members and views, before the temperature. */
  logits: Float32Array;
  probabilities: Float32Array;
}

interface Part {
  layer: LayerRecord;
  run: Run;
}

export class Network {
  readonly record: NetworkRecord;
  private readonly members: Part[][];
  private readonly views: Float32Array[];

  /** Throws an Error that names a layer that the page does not know. */
  constructor(record: NetworkRecord) {
    this.record = record;
    this.views = record.views.map(unpack);
    this.members = Array.from({ length: record.vote }, (_, number) =>
      record.layers.map((layer) => part(layer, weightsOf(record, layer, number))),
    );
  }

  /** The answer for one image of values 0 to 1. */
  answer(input: Tensor): Answer {
    const members = this.members.map((parts) => walk(parts, input));
    const whole = this.averaged(members.map(last), this.views.map((grid) => viewed(input, grid)));
    const tempered = whole.map((logit) => logit / this.record.temperature);
    const { values } = softmaxed(tensor([tempered.length], tempered));
    return { input, members, logits: whole, probabilities: values };
  }

  /** The mean answer: members first, then views; of one answer, that answer. */
  private averaged(own: Tensor[], views: Tensor[]): Float32Array {
    const answers = views.map((view) => meanAnswer(this.members.map((parts) => last(walk(parts, view)).values)));
    return meanAnswer([meanAnswer(own.map((logits) => logits.values)), ...answers]);
  }
}

/** The weights of a layer of one member of the vote, unpacked each time that they are asked for. */
export function weightsOf(record: NetworkRecord, layer: LayerRecord, member: number): Weight {
  const prefix = record.vote > 1 ? `members.${member}.` : "";
  return (name) => {
    const packed = record.weights[`${prefix}${layer.name}.${name}`];
    if (!packed) throw new Error(`The weight ${prefix}${layer.name}.${name} is missing.`);
    return unpack(packed);
  };
}

function part(layer: LayerRecord, weight: Weight): Part {
  const make = LAYERS[layer.kind];
  if (!make) throw new Error(`This page does not know the layer ${layer.name} (${layer.kind}).`);
  return { layer, run: make(layer, weight) };
}

function walk(parts: Part[], image: Tensor): Step[] {
  let input = image;
  return parts.map(({ layer, run }) => {
    const linear = run(input);
    const output = layer.kind === "activation" ? linear : activated(layer.activation ?? "linear", linear);
    const step = { layer, input, linear, output };
    input = output;
    return step;
  });
}

/** The logits: what the last layer gives; its softmax is applied after the temperature. */
function last(steps: Step[]): Tensor {
  const { layer, input, linear } = steps[steps.length - 1];
  return layer.kind === "activation" && layer.activation === "softmax" ? input : linear;
}

/** The logarithm of the mean probability. */
function meanAnswer(answers: Float32Array[]): Float32Array {
  if (answers.length === 1) return answers[0];
  const probabilities = answers.map((logits) => softmaxed(tensor([logits.length], logits)).values);
  return answers[0].map((_, i) => Math.log(probabilities.reduce((sum, each) => sum + each[i], 0) / answers.length));
}

/** An image moved: each pixel by bilinear interpolation from places of -1 to 1, zeros outside. */
function viewed(image: Tensor, grid: Float32Array): Tensor {
  const [height, width, channels] = image.shape;
  const out = tensor(image.shape);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const x = ((grid[2 * pixel] + 1) * width - 1) / 2;
    const y = ((grid[2 * pixel + 1] + 1) * height - 1) / 2;
    for (const [row, above] of [[Math.floor(y), 1 - (y - Math.floor(y))], [Math.floor(y) + 1, y - Math.floor(y)]])
      for (const [column, beside] of [[Math.floor(x), 1 - (x - Math.floor(x))], [Math.floor(x) + 1, x - Math.floor(x)]]) {
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        for (let channel = 0; channel < channels; channel++)
          out.values[pixel * channels + channel] +=
            above * beside * image.values[(row * width + column) * channels + channel];
      }
  }
  return out;
}
