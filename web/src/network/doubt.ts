/** When the answer is "I don't know": the limits that the run itself learned, as in pellucid.judge.refusal. */

import { unpack, type DoubtRecord } from "../payload";
import type { LayerRecord } from "../payload";
import type { Answer, Step } from "./network";
import { argmax } from "./tensor";

export interface Verdict {
  /** Null where the image is answered. */
  kind: "foreign" | "doubtful" | null;
  /** Squared Mahalanobis distance to the nearest class; null where features cannot be had. */
  foreign: number | null;
  /** What the greatest probability lacks to 1. */
  doubtful: number;
}

export class Doubt {
  readonly record: DoubtRecord;
  private readonly gaussians: Gaussians | null;

  constructor(record: DoubtRecord) {
    this.record = record;
    this.gaussians = record.foreign ? new Gaussians(record.foreign) : null;
  }

  verdict(answer: Answer): Verdict {
    const doubtful = 1 - answer.probabilities[argmax(answer.probabilities)];
    const foreign = this.gaussians ? this.gaussians.distance(features(answer.members)) : null;
    const far = foreign !== null && !(foreign <= this.record.foreign!.limit);
    return { kind: far ? "foreign" : doubtful > this.record.doubtful_limit ? "doubtful" : null, foreign, doubtful };
  }
}

/** What goes into each layer with weights, averaged over its map, as signed square roots. */
function features(members: Step[][]): Float32Array {
  const heard = members.flatMap((steps) => steps.filter(({ layer }) => weighted(layer)).map(({ input }) => input));
  const rows = heard.map(({ shape, values }) => {
    if (shape.length === 1) return values;
    const means = new Float32Array(shape[2]);
    values.forEach((value, i) => (means[i % shape[2]] += value));
    return means.map((total) => total / (shape[0] * shape[1]));
  });
  return Float32Array.from(rows.flatMap((row) => [...row]), (value) => Math.sign(value) * Math.sqrt(Math.abs(value)));
}

function weighted(layer: LayerRecord): boolean {
  return layer.kind === "conv2d" || layer.kind === "dense";
}

class Gaussians {
  private readonly generator: { state: string; increment: string } | null;
  private signs: Int8Array | null = null;
  private readonly centre: Float32Array;
  private readonly deviation: Float32Array;
  private readonly whitening: Float32Array;
  private readonly means: Float32Array;
  private readonly factors: Float32Array | null;
  private readonly count: number;

  constructor(record: NonNullable<DoubtRecord["foreign"]>) {
    this.centre = unpack(record.centre);
    this.deviation = unpack(record.deviation);
    this.whitening = unpack(record.whitening);
    this.means = unpack(record.means);
    this.factors = record.factors && triangles(record.factors);
    this.count = record.means.shape[0];
    this.generator = record.signs;
  }

  /** Squared distance to the nearest class. */
  distance(features: Float32Array): number {
    const width = this.centre.length;
    const values = this.generator ? this.summed(features, this.generator) : features;
    const away = Float64Array.from(this.centre, (mean, i) => (values[i] - mean) / this.deviation[i]);
    const white = new Float64Array(width);
    for (let row = 0, at = 0; row < width; row++)
      for (let column = row; column < width; column++) white[column] += away[row] * this.whitening[at++];
    let nearest = Infinity;
    for (let number = 0; number < this.count; number++) nearest = Math.min(nearest, this.toClass(white, number));
    return nearest;
  }

  /** Many features as random sums of them. */
  private summed(features: Float32Array, generator: { state: string; increment: string }): Float32Array {
    const width = this.centre.length;
    this.signs ??= randomSigns(generator, features.length * width);
    const sums = new Float32Array(width);
    for (let i = 0, at = 0; i < features.length; i++)
      for (let sum = 0; sum < width; sum++, at++) sums[sum] += this.signs[at] * features[i];
    return sums.map((sum) => sum / Math.sqrt(width));
  }

  private toClass(white: Float64Array, number: number): number {
    const width = white.length;
    const away = white.map((value, i) => value - this.means[number * width + i]);
    if (!this.factors) return away.reduce((sum, value) => sum + value * value, 0);
    const sums = new Float64Array(width);
    let at = (number * width * (width + 1)) / 2;
    for (let row = 0; row < width; row++)
      for (let column = 0; column <= row; column++) sums[column] += away[row] * this.factors[at++];
    return sums.reduce((sum, value) => sum + value * value, 0);
  }
}

/** Lower triangles, one a class, row by row. */
function triangles(record: NonNullable<NonNullable<DoubtRecord["foreign"]>["factors"]>): Float32Array {
  const [diagonal, left, scales] = [record.diagonal, record.left, record.scales].map(unpack);
  const [count, width] = record.diagonal.shape;
  const found = new Float32Array((count * width * (width + 1)) / 2);
  for (let number = 0, at = 0, from = 0; number < count; number++)
    for (let row = 0; row < width; row++) {
      const scale = scales[number * width + row];
      for (let column = 0; column < row; column++) found[at++] = left[from++] * scale;
      found[at++] = diagonal[number * width + row];
    }
  return found;
}

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const MOST = (1n << 128n) - 1n;

/** The bits of numpy's PCG64, from a state of it, as signs. Source: O'Neill 2014, "PCG", the variant XSL RR 128/64. */
function randomSigns(generator: { state: string; increment: string }, count: number): Int8Array {
  const signs = new Int8Array(count);
  const increment = BigInt(generator.increment);
  let state = BigInt(generator.state);
  for (let at = 0; at < count; at += 64) {
    state = (state * MULTIPLIER + increment) & MOST;
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    const bits = BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
    for (let byte = 0; byte < 8; byte++) {
      const eight = Number((bits >> BigInt(8 * byte)) & 0xffn);
      for (let bit = 0; bit < 8 && at + 8 * byte + bit < count; bit++)
        signs[at + 8 * byte + bit] = (eight >> (7 - bit)) & 1 ? 1 : -1;
    }
  }
  return signs;
}
