/** The images that lie side by side in one PNG of the page. */

import { bitmap, grey, type Bitmap } from "../pixels/bitmap";
import type { Sprite } from "../payload";

/** Cut the images out, each [height, width] with so many channels; read once and kept. */
export async function images(sprite: Sprite, [height, width, channels]: number[]): Promise<Bitmap[]> {
  if (!kept.has(sprite)) kept.set(sprite, cut(sprite, height, width, channels));
  return kept.get(sprite)!;
}

const kept = new WeakMap<Sprite, Promise<Bitmap[]>>();

async function cut(sprite: Sprite, height: number, width: number, channels: number): Promise<Bitmap[]> {
  const sheet = new Image();
  sheet.src = sprite.png;
  await sheet.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [sheet.naturalWidth, sheet.naturalHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(sheet, 0, 0);
  return Array.from({ length: sprite.count }, (_, number) => {
    const [left, top] = [(number % sprite.columns) * width, Math.floor(number / sprite.columns) * height];
    const image = opaque(context.getImageData(left, top, width, height));
    return channels === 1 ? grey(image) : image;
  });
}

/** Colours without the transparency, which there is none of. */
export function opaque({ width, height, data }: ImageData): Bitmap {
  const out = bitmap(width, height, 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    out.values[to] = data[from];
    out.values[to + 1] = data[from + 1];
    out.values[to + 2] = data[from + 2];
  }
  return out;
}
