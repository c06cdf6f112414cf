/** Where the inputs of a dense layer come from: places of maps, whole maps, or units. */

import { tell } from "../language";
import "../languages/zh/layers";
import { whole } from "../numbers";
import type { LayerRecord } from "../payload";

export interface Origin {
  /** Rows and columns of the maps that were flattened; null where the inputs have no place. */
  place: [number, number] | null;
  maps: number;
  name(input: number): string;
}

/** Of the last of these layers. */
export function origin(layers: LayerRecord[]): Origin {
  const maker = [...layers].slice(0, -1).reverse().find(({ kind }) => !["activation", "dropout", "batch_normalization"].includes(kind));
  if (maker?.kind === "flatten" && maker.input_shape.length === 3) {
    const [height, width, maps] = maker.input_shape;
    const name = (input: number): string => {
      const cell = Math.floor(input / maps);
      return tell("Map {map}, row {row}, column {column}", {
        map: (input % maps) + 1, row: Math.floor(cell / width) + 1, column: (cell % width) + 1,
      });
    };
    return { place: [height, width], maps, name };
  }
  const text = maker?.kind.startsWith("global_") ? "Map {number}" : "Unit {number}";
  return { place: null, maps: 1, name: (input) => tell(text, { number: whole(input + 1) }) };
}

/** The products of all maps at each place, added. */
export function evidenceOf(products: ArrayLike<number>, { place, maps }: Origin): Float32Array {
  const sums = new Float32Array(place![0] * place![1]);
  for (let i = 0; i < products.length; i++) sums[Math.floor(i / maps)] += products[i];
  return sums;
}
