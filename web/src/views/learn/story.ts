/** The steps of the story, made of the layers that this network has. */

import { size } from "../../network/tensor";
import type { LayerRecord } from "../../payload";
import { bending } from "./bending";
import type { Chapter } from "./chapter";
import { decision } from "./decision";
import { howMuch, mapOfMaps } from "./deeper";
import { oneFilter, oneUnit, sliding } from "./filters";
import { learning } from "./learning";
import { limits } from "./limits";
import { moving } from "./moving";
import { pixels } from "./pixels";
import { shares } from "./shares";
import { smaller, smallerLayer } from "./smaller";

export function story(layers: LayerRecord[]): Chapter[] {
  const convolutions = layers.flatMap(({ kind }, index) => (kind === "conv2d" ? [index] : []));
  const [first, second] = convolutions;
  const small = smallerLayer(layers);
  const less = small === null ? [] : [smaller(layers, small)];
  const more = first === undefined ? [] : [second === undefined ? howMuch(first) : mapOfMaps(second)];
  return [
    pixels,
    ...(first === undefined ? withoutFilters(layers) : [oneFilter(first), sliding(first)]),
    bending(layers),
    ...(small !== null && small > second ? [...more, ...less] : [...less, ...more]),
    decision(layers),
    shares,
    learning,
    limits,
  ];
}

/** Where pixels go straight into a dense layer. */
function withoutFilters(layers: LayerRecord[]): Chapter[] {
  const dense = layers.findIndex(({ kind }) => kind === "dense");
  const sees = dense >= 0 && layers[dense].input_shape[0] === size(layers[0].input_shape);
  return sees ? [oneUnit(dense), moving] : [moving];
}
