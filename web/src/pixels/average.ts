/** An image in fewer pixels, each the mean of the part that it covers: antialiasing in its plainest form. */

import { tensor, type Tensor } from "../network/tensor";

/**
 * Read an image in steps of `step` pixels from a corner on; a step need not be whole. What lies beyond the image is 0.
 * The values that come back are rounded to 255ths, as files have them.
 */
export function averaged(image: Tensor, left: number, top: number, step: number, width: number, height: number): Tensor {
  const [, , channels] = image.shape;
  const across = covers(left, step, width, image.shape[1]);
  const down = covers(top, step, height, image.shape[0]);
  const out = tensor([height, width, channels]);
  for (let row = 0, to = 0; row < height; row++)
    for (let column = 0; column < width; column++, to += channels)
      for (const [y, tall] of down[row])
        for (const [x, wide] of across[column])
          for (let channel = 0; channel < channels; channel++)
            out.values[to + channel] += tall * wide * image.values[(y * image.shape[1] + x) * channels + channel];
  out.values.forEach((sum, i) => (out.values[i] = Math.round((255 * sum) / step ** 2) / 255));
  return out;
}

/** For each place of the result the pixels that it covers, and how much of each. */
function covers(start: number, step: number, places: number, length: number): [number, number][][] {
  return Array.from({ length: places }, (_, place) => {
    const [from, to] = [start + place * step, start + (place + 1) * step];
    const covered: [number, number][] = [];
    for (let pixel = Math.max(Math.floor(from), 0); pixel < Math.min(Math.ceil(to), length); pixel++)
      covered.push([pixel, Math.min(to, pixel + 1) - Math.max(from, pixel)]);
    return covered;
  });
}
