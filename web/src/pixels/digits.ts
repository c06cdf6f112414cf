/**
 * MNIST's own preparation: what is drawn is cut out, brought to a box of 20x20 with its proportions kept, and laid into
 * 28x28 so that its centre of mass lies in the middle. All 10,000 test images have theirs, counted in pixels from 0, in
 * 13.5 to 14.5, so it is moved by whole pixels to there. Source: LeCun, Cortes and Burges, the MNIST database.
 */

import { tensor, type Tensor } from "../network/tensor";
import { averaged } from "./average";

const FIELD = 28;
const BOX = 20;
const MIDDLE = 13.5;

/** Of a finer image [height, width, 1], 0 where nothing is drawn; null where nothing is drawn at all. */
export function centred(ink: Tensor): Tensor | null {
  const box = drawn(ink);
  if (!box) return null;
  const step = Math.max(box.width, box.height) / BOX;
  const [width, height] = [box.width, box.height].map((side) => Math.ceil(side / step - 1e-6));
  const small = averaged(ink, box.left, box.top, step, width, height);
  const [across, down] = massCentre(small);
  return laid(small, moved(across, width), moved(down, height));
}

function drawn(ink: Tensor): { left: number; top: number; width: number; height: number } | null {
  const [height, width] = ink.shape;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      if (ink.values[at] > 0) {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = y;
      }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Where the ink lies on the mean, in pixels counted from 0: column and row. */
function massCentre({ shape, values }: Tensor): [number, number] {
  let [mass, across, down] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    across += value * (i % shape[1]);
    down += value * Math.floor(i / shape[1]);
  });
  return [across / mass, down / mass];
}

/** How far it is moved; never so far that a part of it would be lost. */
function moved(centre: number, side: number): number {
  return Math.min(Math.max(Math.ceil(MIDDLE - centre - 1e-9), 0), FIELD - side);
}

function laid(small: Tensor, left: number, top: number): Tensor {
  const [height, width] = small.shape;
  const out = tensor([FIELD, FIELD, 1]);
  for (let row = 0; row < height; row++)
    out.values.set(small.values.subarray(row * width, (row + 1) * width), (top + row) * FIELD + left);
  return out;
}
