/** An image of any size brought to the network's shape and colours, by the steps of pellucid.data.decode. */

import type { ReadingRecord } from "../payload";
import { bitmap, coloured, grey, type Bitmap } from "./bitmap";
import { resized, resizedByGap, type Box } from "./resize";

const GAP = 3;

/** Null where nothing would be left of it: it is far too narrow. */
export function fitted(image: Bitmap, shape: number[], reading: ReadingRecord): Bitmap | null {
  const [height, width, channels] = shape;
  const plain = channels === 1 ? grey(image) : image;
  const brought = plain.width === width && plain.height === height ? plain : FITS[reading.fit](plain, width, height, reading.background);
  return brought && (channels === 3 ? coloured(brought) : brought);
}

type Fit = (image: Bitmap, width: number, height: number, background: number) => Bitmap | null;

const FITS: Record<ReadingRecord["fit"], Fit> = {
  stretch: (image, width, height) => resizedByGap(image, width, height, GAP),
  crop: (image, width, height) => resized(image, width, height, middle(image, width / height)),
  pad: padded,
};

/** The largest box of a proportion, in the middle. */
function middle({ width, height }: Bitmap, proportion: number): Box {
  const [wide, tall] = width / height >= proportion ? [proportion * height, height] : [width, width / proportion];
  const [left, top] = [(width - wide) * 0.5, (height - tall) * 0.5];
  return [left, top, left + wide, top + tall];
}

function padded(image: Bitmap, width: number, height: number, background: number): Bitmap | null {
  const proportion = image.width / image.height;
  const wide = proportion < width / height ? evenly((image.width / image.height) * height) : width;
  const tall = proportion > width / height ? evenly((image.height / image.width) * width) : height;
  if (wide === 0 || tall === 0) return null;
  const inner = resized(image, wide, tall);
  const out = bitmap(width, height, image.channels);
  out.values.fill(background);
  const [left, top] = [evenly((width - wide) * 0.5), evenly((height - tall) * 0.5)];
  const row = wide * image.channels;
  for (let y = 0; y < tall; y++)
    out.values.set(inner.values.subarray(y * row, (y + 1) * row), ((top + y) * width + left) * image.channels);
  return out;
}

/** Rounded as Python does: halves to the even number. */
function evenly(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 ? down + 1 : down;
}
