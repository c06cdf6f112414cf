/** A window that slides over the input while the output is filled: by play, by steps, by dragging and by arrow keys. */

import { h } from "../../dom";
import { tell } from "../../language";
import { windowOf } from "../../network/field";
import type { Step } from "../../network/network";
import { board, type Board } from "../../parts/board";
import { lookOf, strongest } from "../../parts/maps";
import type { Look } from "../../parts/picture";
import type { Setting } from "./scene";

/** Milliseconds a place. */
const [QUICK, SLOW, WHOLE_MAP] = [30, 160, 20_000];

export interface SlidingOptions {
  /** What stands between the two pictures. */
  middle: HTMLElement;
  /** How the input is shown. */
  look(step: Step): Look;
  /** Show a place in the middle; what comes back is read out. */
  shown(step: Step, row: number, column: number): string;
  /** Count one product more; without it there is no such button. */
  count?(): void;
  playing?(on: boolean): void;
}

export interface Sliding {
  element: HTMLElement;
  update(step: Step): void;
  /** Show the same place again, as something else of it is looked at. */
  again(): void;
  end(): void;
}

export function sliding(setting: Setting, options: SlidingOptions): Sliding {
  const { layer, unit } = setting;
  const [rows, columns] = layer.output_shape;
  let [row, column] = setting.place ?? [0, 0];
  let placed = setting.place !== null;
  let last: Step | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;

  const by = (down: number, across: number): void => to(row + down, column + across);
  const input = board(tell("The input, with the window on it"), layer.input_shape, {
    to: (y, x) => to(...underWindow(layer, y, x)), by,
  });
  const output = board(tell("The map that comes of it"), layer.output_shape, { to, by });

  function to(nextRow: number, nextColumn: number): void {
    stop();
    place(Math.min(Math.max(nextRow, 0), rows - 1), Math.min(Math.max(nextColumn, 0), columns - 1));
    output.veil(null);
  }

  function place(nextRow: number, nextColumn: number): void {
    [row, column, placed] = [nextRow, nextColumn, true];
    setting.moved(row, column);
    again();
  }

  function again(): void {
    if (!last) return;
    const text = options.shown(last, row, column);
    setting.shown(row, column);
    input.paint(last.input, options.look(last));
    input.mark(windowOf(layer, row, column), text);
    output.mark({ top: row, left: column, bottom: row + 1, right: column + 1 }, text);
  }

  function on(places: number): void {
    const next = row * columns + column + places;
    if (next < 0 || next >= rows * columns) return stop();
    place(Math.floor(next / columns), next % columns);
    output.veil([row, column]);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    play.textContent = tell("Play");
    options.playing?.(false);
  }

  function start(): void {
    options.playing?.(true);
    play.textContent = tell("Pause");
    if (row === rows - 1 && column === columns - 1) [row, column] = [0, -1];
    timer = setInterval(() => on(1), Math.min(Math.max(WHOLE_MAP / (rows * columns), QUICK), SLOW));
  }

  const play = h("button", { class: "play", onclick: () => (timer === undefined ? start() : stop()) }, tell("Play"));
  const controls = h(
    "div", { class: "controls" }, play,
    h("button", { onclick: () => (stop(), on(-1)) }, tell("One place back")),
    h("button", { onclick: () => (stop(), on(1)) }, tell("One place on")),
    options.count && h("button", { onclick: () => (stop(), options.count!(), again()) }, tell("One product")),
  );

  return {
    element: h(
      "div", { class: "sliding" },
      h("div", { class: "stage" }, figure(input, tell("Input")), options.middle, figure(output, tell("Map {number}", { number: unit + 1 }))),
      controls,
    ),
    update(step) {
      last = step;
      if (!placed) ({ row, column } = strongest(step.output, unit));
      output.paint(step.output, { ...lookOf(step.output), channel: unit });
      again();
    },
    again,
    end: stop,
  };
}

/** The place of the output whose window has a pixel of the input nearest to its middle. */
function underWindow(layer: Setting["layer"], y: number, x: number): [number, number] {
  const { top, left, bottom, right } = windowOf(layer, 0, 0);
  const [down, across] = layer.strides!;
  return [Math.round((y - (top + bottom - 1) / 2) / down), Math.round((x - (left + right - 1) / 2) / across)];
}

function figure(own: Board, caption: string): HTMLElement {
  return h("figure", {}, own.element, h("figcaption", {}, caption));
}
