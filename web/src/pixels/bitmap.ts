/** An image of 8 bits a channel, as files have it. */

import { tensor, type Tensor } from "../network/tensor";

export interface Bitmap {
  width: number;
  height: number;
  channels: number;
  /** Row by row, the channels of a pixel side by side. */
  values: Uint8Array;
}

export function bitmap(width: number, height: number, channels: number, values?: Uint8Array): Bitmap {
  return { width, height, channels, values: values ?? new Uint8Array(width * height * channels) };
}

/** What the network gets of it: values of 0 to 1. */
export function tensorOf({ width, height, channels, values }: Bitmap): Tensor {
  return tensor([height, width, channels], Float32Array.from(values, (value) => value / 255));
}

/** A tensor of values 0 to 1 in steps of a 255th. */
export function bitmapOf({ shape, values }: Tensor): Bitmap {
  return bitmap(shape[1], shape[0], shape[2], Uint8Array.from(values, (value) => Math.round(255 * value)));
}

/** Dark and bright exchanged. */
export function inverted(image: Bitmap): Bitmap {
  return { ...image, values: image.values.map((value) => 255 - value) };
}

/** Brightness alone, as Pillow weighs the colours. Source: ITU-R BT.601, in 16 bits. */
export function grey(image: Bitmap): Bitmap {
  if (image.channels === 1) return image;
  const out = bitmap(image.width, image.height, 1);
  for (let pixel = 0, at = 0; pixel < out.values.length; pixel++, at += image.channels)
    out.values[pixel] = (image.values[at] * 19595 + image.values[at + 1] * 38470 + image.values[at + 2] * 7471 + 0x8000) >> 16;
  return out;
}

/** Three equal channels of one. */
export function coloured(image: Bitmap): Bitmap {
  if (image.channels === 3) return image;
  const out = bitmap(image.width, image.height, 3);
  for (let at = 0; at < out.values.length; at++) out.values[at] = image.values[Math.floor(at / 3)];
  return out;
}

/** Colours of a canvas, without the transparency. */
export function opaque({ width, height, data }: ImageData): Bitmap {
  const out = bitmap(width, height, 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    out.values[to] = data[from];
    out.values[to + 1] = data[from + 1];
    out.values[to + 2] = data[from + 2];
  }
  return out;
}
