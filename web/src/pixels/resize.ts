/**
 * Bilinear resizing with antialiasing as Pillow does it, to the bit, so that the page reads a file as Python does.
 * Source: Pillow's Resample.c and Reduce.c.
 */

import { bitmap, type Bitmap } from "./bitmap";

/** Left, top, right, bottom, in pixels; they need not be whole. */
export type Box = [number, number, number, number];

const BITS = 2 ** 22;

/** Bring what lies in a box to a size. */
export function resized(image: Bitmap, width: number, height: number, box: Box = whole(image)): Bitmap {
  const across = width !== image.width || box[0] !== 0 || box[2] !== width;
  const down = height !== image.height || box[1] !== 0 || box[3] !== height;
  const wide = across ? alongRows(image, weights(image.width, box[0], box[2], width)) : image;
  return down ? alongColumns(wide, weights(image.height, box[1], box[3], height)) : wide;
}

/** The same; where the image is much larger it is first averaged over whole blocks, as Pillow's `reducing_gap` asks. */
export function resizedByGap(image: Bitmap, width: number, height: number, gap: number): Bitmap {
  const across = Math.max(1, Math.trunc(image.width / width / gap));
  const down = Math.max(1, Math.trunc(image.height / height / gap));
  if (across === 1 && down === 1) return resized(image, width, height);
  return resized(reduced(image, across, down), width, height, [0, 0, image.width / across, image.height / down]);
}

function whole(image: Bitmap): Box {
  return [0, 0, image.width, image.height];
}

/** For each place of the result where its source begins, and how much each pixel counts, in 2^22nds. */
interface Weights {
  starts: number[];
  shares: number[][];
}

function weights(length: number, from: number, to: number, places: number): Weights {
  const scale = (to - from) / places;
  const support = Math.max(scale, 1);
  const starts: number[] = [];
  const shares: number[][] = [];
  for (let place = 0; place < places; place++) {
    const centre = from + (place + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), length);
    const own = Array.from({ length: end - start }, (_, i) =>
      Math.max(0, 1 - Math.abs((i + start - centre + 0.5) / support)));
    const total = own.reduce((sum, share) => sum + share, 0);
    starts.push(start);
    shares.push(own.map((share) => Math.trunc(0.5 + (share / total) * BITS)));
  }
  return { starts, shares };
}

function alongRows(image: Bitmap, { starts, shares }: Weights): Bitmap {
  const { channels } = image;
  const out = bitmap(starts.length, image.height, channels);
  for (let row = 0, to = 0; row < image.height; row++)
    for (let column = 0; column < starts.length; column++)
      for (let channel = 0; channel < channels; channel++)
        out.values[to++] = summed(image, (row * image.width + starts[column]) * channels + channel, channels, shares[column]);
  return out;
}

function alongColumns(image: Bitmap, { starts, shares }: Weights): Bitmap {
  const width = image.width * image.channels;
  const out = bitmap(image.width, starts.length, image.channels);
  for (let row = 0, to = 0; row < starts.length; row++)
    for (let place = 0; place < width; place++) out.values[to++] = summed(image, starts[row] * width + place, width, shares[row]);
  return out;
}

function summed(image: Bitmap, from: number, step: number, shares: number[]): number {
  let sum = BITS / 2;
  for (let i = 0; i < shares.length; i++) sum += image.values[from + i * step] * shares[i];
  return Math.min(Math.floor(sum / BITS), 255);
}

/** Means of blocks; those at the right and lower edge may be smaller. */
function reduced(image: Bitmap, across: number, down: number): Bitmap {
  const { channels } = image;
  const out = bitmap(Math.ceil(image.width / across), Math.ceil(image.height / down), channels);
  for (let row = 0, to = 0; row < out.height; row++)
    for (let column = 0; column < out.width; column++)
      for (let channel = 0; channel < channels; channel++, to++) {
        const bottom = Math.min((row + 1) * down, image.height);
        const right = Math.min((column + 1) * across, image.width);
        const count = (bottom - row * down) * (right - column * across);
        let sum = Math.floor(count / 2);
        for (let y = row * down; y < bottom; y++)
          for (let x = column * across; x < right; x++) sum += image.values[(y * image.width + x) * channels + channel];
        out.values[to] = Math.floor((sum * Math.floor(2 ** 24 / count)) / 2 ** 24);
      }
  return out;
}
