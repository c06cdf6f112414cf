/** A picture with a window on it, which is moved by dragging, touch and arrow keys. */

import "./board.css";
import { h } from "../dom";
import type { Field } from "../network/field";
import type { Tensor } from "../network/tensor";
import { paint, picture, type Look } from "./picture";

export interface Board {
  element: HTMLElement;
  paint(tensor: Tensor, look?: Look): void;
  /** Draw a window around a part of the picture; it may stand out of it. The text is what is read out. */
  mark(field: Field | null, text?: string): void;
  /** Veil all places that come after one, row by row; null unveils them. */
  veil(place: [number, number] | null): void;
}

export interface Moves {
  /** Somebody points at a place of the picture, in rows and columns of the tensor. */
  to(row: number, column: number): void;
  /** An arrow key: so many rows and columns on. */
  by(rows: number, columns: number): void;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
};

/** A picture of rows and columns; without `moves` it is only looked at. */
export function board(label: string, [rows, columns]: number[], moves?: Moves): Board {
  const canvas = picture(label, null);
  const cover = h("canvas", { class: "veil", "aria-hidden": "true", width: columns, height: rows });
  const mark = h("span", { class: "window", hidden: true });
  const element = h("div", { class: "windowed" }, canvas, cover, mark);
  element.style.aspectRatio = `${columns} / ${rows}`;
  if (moves) movable(element, canvas, label, [rows, columns], moves);

  return {
    element,
    paint: (tensor, look) => paint(canvas, tensor, look),
    mark(field, text) {
      mark.hidden = field === null;
      if (text !== undefined) element.setAttribute("aria-valuetext", text);
      if (!field) return;
      mark.style.left = `${(100 * field.left) / columns}%`;
      mark.style.top = `${(100 * field.top) / rows}%`;
      mark.style.width = `${(100 * (field.right - field.left)) / columns}%`;
      mark.style.height = `${(100 * (field.bottom - field.top)) / rows}%`;
      element.setAttribute("aria-valuenow", String(field.top * columns + field.left));
    },
    veil(place) {
      const context = cover.getContext("2d");
      context?.clearRect(0, 0, columns, rows);
      if (!context || !place) return;
      context.fillStyle = getComputedStyle(element).backgroundColor;
      context.fillRect(place[1] + 1, place[0], columns, 1);
      context.fillRect(0, place[0] + 1, columns, rows);
    },
  };
}

function movable(element: HTMLElement, canvas: HTMLElement, label: string, [rows, columns]: number[], moves: Moves): void {
  canvas.setAttribute("aria-hidden", "true");
  for (const [name, value] of Object.entries({
    role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": String(rows * columns - 1),
    "aria-valuenow": "0",
  })) element.setAttribute(name, value);
  element.classList.add("movable");
  const point = (event: PointerEvent): void => {
    const box = canvas.getBoundingClientRect();
    const along = (at: number, start: number, length: number, count: number): number =>
      Math.min(Math.max(Math.floor(((at - start) / length) * count), 0), count - 1);
    moves.to(along(event.clientY, box.top, box.height, rows), along(event.clientX, box.left, box.width, columns));
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    point(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) point(event);
  });
  element.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    moves.by(...arrow);
  });
}
