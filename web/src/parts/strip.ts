/** A vector as cells in rows; with `choose`, one of them is chosen by pointing and by arrow keys. */

import { tensor } from "../network/tensor";
import { board } from "./board";
import { lookOf } from "./maps";
import type { Look } from "./picture";

/** Fewer than so many stand in one row. */
const ONE_ROW = 32;

export interface Strip {
  element: HTMLElement;
  update(values: Float32Array, look?: Look): void;
  mark(unit: number | null, text?: string): void;
}

export function strip(label: string, count: number, choose?: (unit: number) => void): Strip {
  const columns = Math.min(count, Math.max(ONE_ROW, Math.ceil(Math.sqrt(4 * count))));
  const rows = Math.ceil(count / columns);
  let at = 0;
  const to = (unit: number): void => choose?.((at = Math.min(Math.max(unit, 0), count - 1)));
  const cells = board(label, [rows, columns], choose && {
    to: (row, column) => to(row * columns + column),
    by: (down, across) => to(at + down * columns + across),
  });
  cells.element.classList.add("strip");
  cells.element.style.aspectRatio = "auto";
  cells.element.style.height = `clamp(2.5rem, ${0.6 * rows}rem, 24rem)`;

  return {
    element: cells.element,
    update(values, look) {
      const filled = tensor([rows, columns, 1]);
      filled.values.set(values);
      cells.paint(filled, look ?? lookOf(filled));
    },
    mark(unit, text) {
      if (unit === null) return cells.mark(null, text);
      at = unit;
      const [top, left] = [Math.floor(unit / columns), unit % columns];
      cells.mark({ top, left, bottom: top + 1, right: left + 1 }, text);
    },
  };
}
