/** What each kind of layer makes of one image, with the semantics of pellucid.spec.layers. One function a kind. */

import type { ActivationName, LayerRecord, Pair } from "../payload";
import { size, tensor, type Tensor } from "./tensor";

/** A layer that is ready to run. */
export type Run = (input: Tensor) => Tensor;
/** A weight of the layer, by its last name. */
export type Weight = (name: string) => Float32Array;

const LEAKY_SLOPE = 0.2;

export const LAYERS: Record<string, (layer: LayerRecord, weight: Weight) => Run> = {
  conv2d: convolution,
  max_pooling2d: (layer) => pooling(layer, -Infinity, Math.max, (total) => total),
  average_pooling2d: (layer) => pooling(layer, 0, (total, value) => total + value, (total, count) => total / count),
  global_max_pooling2d: () => (input) => overMap(input, -Infinity, Math.max, (total) => total),
  global_average_pooling2d: () => (input) =>
    overMap(input, 0, (total, value) => total + value, (total, count) => total / count),
  flatten: () => (input) => tensor([input.values.length], input.values),
  dense,
  activation: (layer) => (input) => activated(layer.activation ?? "linear", input),
  dropout: () => (input) => input,
  batch_normalization: normalization,
};

/** Apply a function to each value; softmax goes over the last axis. */
export function activated(name: ActivationName, input: Tensor): Tensor {
  if (name === "linear") return input;
  if (name === "softmax") return softmaxed(input);
  return tensor(input.shape, input.values.map(FUNCTIONS[name]));
}

const FUNCTIONS: Record<Exclude<ActivationName, "linear" | "softmax">, (value: number) => number> = {
  relu: (value) => Math.max(value, 0),
  leaky_relu: (value) => (value > 0 ? value : LEAKY_SLOPE * value),
  gelu: (value) => 0.5 * value * (1 + erf(value * Math.SQRT1_2)),
  silu: (value) => value / (1 + Math.exp(-value)),
  tanh: Math.tanh,
  sigmoid: (value) => 1 / (1 + Math.exp(-value)),
};

/** The error function to double precision. Source: Abramowitz and Stegun 1964, formulas 7.1.5 and 7.1.14. */
function erf(x: number): number {
  const far = Math.abs(x);
  if (far > 6) return Math.sign(x);
  if (far < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (far + fraction);
  return Math.sign(x) * (1 - Math.exp(-far * far) / Math.sqrt(Math.PI) / (far + fraction));
}

/** Softmax over the last axis of a tensor. */
export function softmaxed(input: Tensor): Tensor {
  const width = input.shape[input.shape.length - 1];
  const out = tensor(input.shape);
  for (let start = 0; start < input.values.length; start += width) {
    const row = input.values.subarray(start, start + width);
    const greatest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    let total = 0;
    for (let i = 0; i < width; i++) total += out.values[start + i] = Math.exp(row[i] - greatest);
    for (let i = 0; i < width; i++) out.values[start + i] /= total;
  }
  return out;
}

function convolution(layer: LayerRecord, weight: Weight): Run {
  const [height, width, channels] = layer.input_shape;
  const [rows, columns, filters] = layer.output_shape;
  const [tall, wide] = layer.kernel_size!;
  const [down, across] = layer.strides!;
  const [[above], [left]] = layer.margins!;
  const inputs = tall * wide * channels;
  const blocks = inBlocks(weight("weight"), filters, channels, tall * wide);
  const bias = layer.use_bias ? weight("bias") : new Float32Array(filters);
  const patch = new Float64Array(inputs);
  const places = new Int32Array(inputs);
  return ({ values }) => {
    const out = tensor([rows, columns, filters]);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at += filters) {
        let count = 0; // of the values under the filter that are not 0: much of a drawing is, and of what ReLU leaves
        for (let i = 0; i < tall; i++) {
          const y = row * down + i - above;
          if (y < 0 || y >= height) continue;
          for (let j = 0; j < wide; j++) {
            const x = column * across + j - left;
            if (x < 0 || x >= width) continue;
            for (let channel = 0, from = (y * width + x) * channels; channel < channels; channel++, from++) {
              if (values[from] === 0) continue;
              patch[count] = values[from];
              places[count++] = ((i * wide + j) * channels + channel) * BLOCK;
            }
          }
        }
        for (let first = 0; first < filters; first += BLOCK)
          multiply(patch, places, count, blocks, first * inputs, out.values, at + first, Math.min(BLOCK, filters - first));
        for (let filter = 0; filter < filters; filter++) out.values[at + filter] += bias[filter];
      }
    }
    return out;
  };
}

const BLOCK = 4; // filters whose sums are kept in registers

/** The sums of one block of filters at one place. Products are added as doubles, unrolled: this is where time goes. */
function multiply(
  patch: Float64Array, places: Int32Array, count: number, kernel: Float32Array, start: number,
  out: Float32Array, at: number, filters: number,
): void {
  let a = 0, b = 0, c = 0, d = 0;
  for (let k = 0; k < count; k++) {
    const value = patch[k];
    const place = start + places[k];
    a += value * kernel[place];
    b += value * kernel[place + 1];
    c += value * kernel[place + 2];
    d += value * kernel[place + 3];
  }
  out[at] = a;
  if (filters > 1) out[at + 1] = b;
  if (filters > 2) out[at + 2] = c;
  if (filters > 3) out[at + 3] = d;
}

/** From torch's [filters, channels, places] to [blocks of filters, places, channels, filters of the block]. */
function inBlocks(kernel: Float32Array, filters: number, channels: number, places: number): Float32Array {
  const inputs = places * channels;
  const out = new Float32Array(Math.ceil(filters / BLOCK) * BLOCK * inputs);
  let from = 0;
  for (let filter = 0; filter < filters; filter++) {
    const start = Math.floor(filter / BLOCK) * BLOCK * inputs + (filter % BLOCK);
    for (let channel = 0; channel < channels; channel++)
      for (let place = 0; place < places; place++) out[start + (place * channels + channel) * BLOCK] = kernel[from++];
  }
  return out;
}

function dense(layer: LayerRecord, weight: Weight): Run {
  const [units] = layer.output_shape;
  const kernel = weight("weight"); // [units, inputs]
  const bias = layer.use_bias ? weight("bias") : new Float32Array(units);
  return ({ values }) => {
    const out = tensor([units]);
    for (let unit = 0; unit < units; unit++) {
      let sum = bias[unit];
      const start = unit * values.length;
      for (let i = 0; i < values.length; i++) sum += values[i] * kernel[start + i];
      out.values[unit] = sum;
    }
    return out;
  };
}

function normalization(layer: LayerRecord, weight: Weight): Run {
  const [gain, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(weight);
  const factor = gain.map((value, i) => value / Math.sqrt(variance[i] + layer.epsilon!));
  return (input) => {
    const channels = factor.length;
    return tensor(
      input.shape,
      input.values.map((value, i) => (value - mean[i % channels]) * factor[i % channels] + bias[i % channels]),
    );
  };
}

type Fold = (total: number, value: number) => number;

function pooling(layer: LayerRecord, empty: number, fold: Fold, end: Fold): Run {
  const [height, width, channels] = layer.input_shape;
  const [rows, columns] = layer.output_shape;
  const [tall, wide] = layer.pool_size as Pair;
  const [down, across] = layer.strides!;
  const [[above], [left]] = layer.margins!;
  return ({ values }) => {
    const out = tensor([rows, columns, channels]);
    for (let row = 0, at = 0; row < rows; row++) {
      const first = Math.max(row * down - above, 0);
      const last = Math.min(row * down - above + tall, height);
      for (let column = 0; column < columns; column++) {
        const start = Math.max(column * across - left, 0);
        const stop = Math.min(column * across - left + wide, width);
        for (let channel = 0; channel < channels; channel++, at++) {
          let total = empty;
          for (let y = first; y < last; y++)
            for (let x = start; x < stop; x++) total = fold(total, values[(y * width + x) * channels + channel]);
          out.values[at] = end(total, (last - first) * (stop - start));
        }
      }
    }
    return out;
  };
}

function overMap(input: Tensor, empty: number, fold: Fold, end: Fold): Tensor {
  const channels = input.shape[2];
  const out = tensor([channels], new Float32Array(channels).fill(empty));
  input.values.forEach((value, i) => (out.values[i % channels] = fold(out.values[i % channels], value)));
  const count = size(input.shape) / channels;
  out.values.forEach((total, channel) => (out.values[channel] = end(total, count)));
  return out;
}
