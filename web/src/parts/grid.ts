/** A small table of numbers, each on a ground of its own colour. */

import "./grid.css";
import { h } from "../dom";
import { decimal } from "../numbers";

/** Beyond so many columns numbers have no room: colours alone are shown. */
const MOST_NUMBERS = 7;

export interface Cells {
  values: ArrayLike<number>;
  /** Values from 0 up in greys to `most`; of both signs from blue to orange, the strongest colours at `most`. */
  signed: boolean;
  most: number;
  /** Cells that lie outside the picture. */
  outside?: boolean[];
  /** Cells that stand out. */
  marked?: number;
  /** Cells from here on are not yet counted. */
  counted?: number;
}

export interface Grid {
  element: HTMLElement;
  show(cells: Cells): void;
}

/** Rows and columns of numbers; a pointed-at cell is told of, and null when none is. */
export function grid(label: string, rows: number, columns: number, pointed?: (cell: number | null) => void): Grid {
  const cells = Array.from({ length: rows * columns }, (_, cell) =>
    h("td", { onpointerenter: () => pointed?.(cell), onpointerleave: () => pointed?.(null) }),
  );
  const body = Array.from({ length: rows }, (_, row) => h("tr", {}, cells.slice(row * columns, (row + 1) * columns)));
  const element = h("table", { class: "grid", "aria-label": label }, h("tbody", {}, body));
  const silent = columns > MOST_NUMBERS;
  element.classList.toggle("silent", silent);
  element.classList.toggle("tight", columns > 4);

  function show({ values, signed, most, outside, marked, counted }: Cells): void {
    cells.forEach((cell, i) => {
      cell.textContent = silent ? "" : decimal(values[i]);
      cell.title = decimal(values[i], 4);
      cell.classList.toggle("outside", outside?.[i] ?? false);
      cell.classList.toggle("marked", marked === i);
      cell.classList.toggle("waiting", counted !== undefined && i >= counted);
      colour(cell, values[i] / (most || 1), signed);
    });
  }

  return { element, show };
}

function colour(cell: HTMLElement, share: number, signed: boolean): void {
  if (signed) {
    const part = Math.round(48 * Math.min(Math.abs(share), 1));
    cell.style.background = `color-mix(in srgb, var(--${share < 0 ? "blue" : "orange"}) ${part}%, var(--well))`;
    cell.style.color = "";
  } else {
    const level = Math.round(255 * Math.min(Math.max(share, 0), 1));
    cell.style.background = `rgb(${level}, ${level}, ${level})`;
    cell.style.color = level > 117 ? "#000" : "#fff";
  }
}
