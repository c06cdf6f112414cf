/** Which part of the image an output of a layer sees. */

import type { LayerRecord } from "../payload";

/** Rows from top to bottom and columns from left to right, the ends not among them. */
export interface Field {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** The window that one output of a layer has on the layer's input; it may stand out where there is padding. */
export function windowOf(layer: LayerRecord, row: number, column: number): Field {
  const [tall, wide] = layer.kernel_size ?? layer.pool_size ?? [1, 1];
  const [down, across] = layer.strides ?? [1, 1];
  const [[above], [left]] = layer.margins ?? [[0, 0], [0, 0]];
  const [top, start] = [row * down - above, column * across - left];
  return { top, left: start, bottom: top + tall, right: start + wide };
}

/** The part of the image that one output sees, where `layers` lead from the image to it; a vector is one row. */
export function receptiveField(layers: LayerRecord[], row: number, column: number): Field {
  let field: Field = { top: row, left: column, bottom: row + 1, right: column + 1 };
  for (const layer of [...layers].reverse()) field = before(layer, field);
  return field;
}

function before(layer: LayerRecord, field: Field): Field {
  if (layer.kind === "dense") return { top: 0, left: 0, bottom: 1, right: layer.input_shape[0] };
  if (layer.input_shape.length === 1) return field;
  const [height, width, channels] = layer.input_shape;
  const whole = { top: 0, left: 0, bottom: height, right: width };
  if (layer.kind.startsWith("global_")) return whole;
  if (layer.kind === "flatten") return field.right - field.left > 1 ? whole : cell(field.left, width, channels);
  const first = windowOf(layer, field.top, field.left);
  const last = windowOf(layer, field.bottom - 1, field.right - 1);
  return {
    top: Math.max(first.top, 0), left: Math.max(first.left, 0),
    bottom: Math.min(last.bottom, height), right: Math.min(last.right, width),
  };
}

/** Where a value of a row stood in its map. */
function cell(unit: number, width: number, channels: number): Field {
  const place = Math.floor(unit / channels);
  const [row, column] = [Math.floor(place / width), place % width];
  return { top: row, left: column, bottom: row + 1, right: column + 1 };
}
