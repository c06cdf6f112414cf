/**
 * What the probability of the answer loses when a part of the image is covered: the mean over all windows that cover a
 * pixel, as pellucid.interpret.attribution.occlusion has it of the logit. Source: Zeiler and Fergus 2013,
 * arXiv:1311.2901, section 4.2.
 */

import type { Network } from "../../network/network";
import { argmax, tensor, type Tensor } from "../../network/tensor";
import { inSlices } from "../../parts/slices";
import { covered } from "./trial";

const WINDOWS_A_SIDE = 7;
const LEAST_WINDOW = 2;

export interface Occlusion {
  /** [height, width, 1]; what is above 0 speaks for the answer. */
  losses: Tensor;
  /** The class whose probability it is. */
  answer: number;
  /** Rows and columns of a window. */
  window: [number, number];
  count: number;
}

/** Slide a window over an image, in slices; the function that comes back cancels it. */
export function occlude(
  network: Network, image: Tensor, value: number, told: (done: number, found: Occlusion) => void,
): () => void {
  const [height, width] = image.shape;
  const whole = network.answer(image).probabilities;
  const answer = argmax(whole);
  const [tall, wide] = [windowSide(height), windowSide(width)];
  const rows = starts(height, tall);
  const columns = starts(width, wide);
  const sums = new Float32Array(height * width);
  const counts = new Float32Array(height * width);
  const found: Occlusion = { losses: tensor([height, width, 1]), answer, window: [tall, wide], count: rows.length * columns.length };
  const step = (number: number): void => {
    const [top, left] = [rows[Math.floor(number / columns.length)], columns[number % columns.length]];
    const lost = whole[answer] - network.answer(covered(image, top, left, tall, wide, value)).probabilities[answer];
    for (let row = top; row < top + tall; row++)
      for (let column = left; column < left + wide; column++) {
        sums[row * width + column] += lost;
        counts[row * width + column] += 1;
      }
  };
  return inSlices(found.count, step, (done) => {
    sums.forEach((sum, pixel) => (found.losses.values[pixel] = counts[pixel] ? sum / counts[pixel] : 0));
    told(done, found);
  });
}

/** Pixels that a window has along a side. */
export function windowSide(side: number): number {
  return Math.min(side, Math.max(LEAST_WINDOW, Math.round(side / WINDOWS_A_SIDE)));
}

/** Where windows begin: each half a window further, the last at the edge. */
function starts(side: number, window: number): number[] {
  const step = Math.max(1, Math.floor(window / 2));
  const places = Array.from({ length: Math.floor((side - window) / step) + 1 }, (_, i) => i * step);
  if (places[places.length - 1] + window < side) places.push(side - window);
  return places;
}
