/** The sum that a filter makes at one place, product by product. */

import { windowOf } from "./field";
import type { Tensor } from "./tensor";
import type { LayerRecord } from "../payload";

export interface Sum {
  /** In the order of the kernel: map by map, each row by row. */
  patch: Float32Array;
  /** Whether a value lies outside the input, where there is padding. */
  outside: boolean[];
  products: Float64Array;
  /** Of the products of each input map. */
  perMap: Float64Array;
  total: number;
}

/** What stands in a window of one map, row by row; 0 where it lies outside. */
export function patchAt(layer: LayerRecord, { shape, values }: Tensor, map: number, row: number, column: number): {
  values: number[]; outside: boolean[];
} {
  const [height, width, maps] = shape;
  const field = windowOf(layer, row, column);
  const found = { values: [] as number[], outside: [] as boolean[] };
  for (let y = field.top; y < field.bottom; y++)
    for (let x = field.left; x < field.right; x++) {
      const outside = y < 0 || y >= height || x < 0 || x >= width;
      found.outside.push(outside);
      found.values.push(outside ? 0 : values[(y * width + x) * maps + map]);
    }
  return found;
}

export function sumAt(layer: LayerRecord, input: Tensor, kernel: Float32Array, row: number, column: number): Sum {
  const maps = input.shape[2];
  const patches = Array.from({ length: maps }, (_, map) => patchAt(layer, input, map, row, column));
  const patch = Float32Array.from(patches.flatMap(({ values }) => values));
  const products = Float64Array.from(patch, (value, i) => value * kernel[i]);
  const size = kernel.length / maps;
  const perMap = Float64Array.from({ length: maps }, (_, map) => added(products.subarray(map * size, (map + 1) * size)));
  return { patch, outside: patches.flatMap(({ outside }) => outside), products, perMap, total: added(perMap) };
}

export function added(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
