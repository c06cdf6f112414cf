/** An image in fewer pixels, each the mean of the part that it covers: antialiasing in its plainest form. */

import { tensor, type Tensor } from "../network/tensor";

/**
 * Read an image in steps of `step` pixels from a corner on; a step need not be whole. What lies beyond the image is 0.
 * The values that come back are rounded to 255ths, as files have them.
 */
export function averaged(image: Tensor, left: number, top: number, step: number, width: number, height: number): Tensor {
  const channels = image.shape[2];
  const rows = summed(image.values, 1, image.shape[0], image.shape[1] * channels, covers(top, step, height, image.shape[0]));
  const sums = summed(rows, height, image.shape[1], channels, covers(left, step, width, image.shape[1]));
  return tensor([height, width, channels], Float32Array.from(sums, (sum) => Math.round((255 * sum) / step ** 2) / 255));
}

/** The pixels that one place covers, from the first on, and how much of each. */
interface Cover {
  first: number;
  shares: number[];
}

function covers(start: number, step: number, places: number, length: number): Cover[] {
  return Array.from({ length: places }, (_, place) => {
    const [from, to] = [start + place * step, start + (place + 1) * step];
    const first = Math.max(Math.floor(from), 0);
    const count = Math.max(Math.min(Math.ceil(to), length) - first, 0);
    return { first, shares: Array.from({ length: count }, (_, i) => Math.min(to, first + i + 1) - Math.max(from, first + i)) };
  });
}

/** Sum along the middle axis of [outer, length, inner]. */
function summed(values: ArrayLike<number>, outer: number, length: number, inner: number, places: Cover[]): Float64Array {
  const out = new Float64Array(outer * places.length * inner);
  for (let block = 0, to = 0; block < outer; block++)
    for (const { first, shares } of places) {
      for (let i = 0, from = (block * length + first) * inner; i < shares.length; i++) {
        const share = shares[i];
        for (let j = 0; j < inner; j++, from++) out[to + j] += share * values[from];
      }
      to += inner;
    }
  return out;
}
