/** A tensor, or one channel of it, painted on a canvas: a pixel a value. */

import { h } from "../dom";
import type { Tensor } from "../network/tensor";

export interface Look {
  /** The channel that is shown; without one, three channels are shown as colours, and of others the first. */
  channel?: number;
  /** What is black and what is white; the ends of the scale. Of both signs, 0 lies in the middle. */
  range?: [number, number];
  /** Grey for pixels and for what is 0 or more; blue, paper and orange for values below, at and above 0. */
  scale?: "grey" | "signed";
}

/** Whether this browser can paint at all. */
export function canPaint(): boolean {
  return document.createElement("canvas").getContext("2d") !== null;
}

/** A canvas with the tensor on it; a caption is read out in its place. Its size on the page is for style sheets. */
export function picture(label: string, tensor: Tensor | null, look: Look = {}): HTMLCanvasElement {
  const canvas = h("canvas", { class: "picture", role: "img", "aria-label": label, width: 1, height: 1 });
  if (tensor) paint(canvas, tensor, look);
  return canvas;
}

/** Paint another tensor on a canvas. A vector is a row. */
export function paint(canvas: HTMLCanvasElement, tensor: Tensor, look: Look = {}): void {
  const [height, width, channels] = tensor.shape.length === 3 ? tensor.shape : [1, tensor.shape[0], 1];
  const context = canvas.getContext("2d");
  if (!context) return;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const [low, high] = look.range ?? [0, 1];
  const signed = look.scale === "signed";
  const table = signed ? signedColours() : GREYS;
  const start = signed ? -Math.max(-low, high) : low;
  const factor = 255 / ((signed ? -start : high) - start || 1);
  const level = (place: number): number => clamped((tensor.values[place] - start) * factor);
  const coloured = channels === 3 && look.channel === undefined && !signed;
  for (let pixel = 0, place = look.channel ?? 0; pixel < pixels.length; pixel++, place += channels)
    pixels[pixel] = coloured ? packed(level(place), level(place + 1), level(place + 2)) : table[level(place)];
  context.putImageData(image, 0, 0);
}

/** The least and the greatest value, as a range to paint by. */
export function extent(tensor: Tensor, channel?: number): [number, number] {
  const step = channel === undefined ? 1 : tensor.shape[tensor.shape.length - 1];
  let [low, high] = [Infinity, -Infinity];
  for (let place = channel ?? 0; place < tensor.values.length; place += step) {
    low = Math.min(low, tensor.values[place]);
    high = Math.max(high, tensor.values[place]);
  }
  return [low, high];
}

function clamped(value: number): number {
  return value > 0 ? Math.min(Math.round(value), 255) : 0; // what is no number is black
}

function packed(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

type Colour = [number, number, number];
const GREYS = Uint32Array.from({ length: 256 }, (_, level) => packed(level, level, level));
const SCHEMES: Record<"light" | "dark", [Colour, Colour, Colour]> = {
  light: [[0, 114, 178], [244, 241, 234], [213, 94, 0]],
  dark: [[86, 180, 233], [31, 32, 37], [239, 138, 60]],
};
const tables: Partial<Record<"light" | "dark", Uint32Array>> = {};

/** From blue by the colour of the page's wells to orange, in 256 steps; as the page is light or dark. */
function signedColours(): Uint32Array {
  const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const [blue, middle, orange] = SCHEMES[scheme];
  return (tables[scheme] ??= Uint32Array.from({ length: 256 }, (_, level) => {
    const share = Math.abs(level - 127.5) / 127.5;
    const end = level < 127.5 ? blue : orange;
    const [red, green, third] = middle.map((value, i) => Math.round(value + (end[i] - value) * share));
    return packed(red, green, third);
  }));
}
