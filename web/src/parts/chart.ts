/** A few lines over the epochs, with labelled axes; each line has its name at its end. */

import "./chart.css";
import { s } from "../dom";

export interface Line {
  name: string;
  values: (number | null)[];
  colour: "blue" | "orange";
  dashed?: boolean;
}

export interface Axes {
  /** What is read out in place of the drawing. */
  label: string;
  across: string;
  up: string;
  places: number[];
  text(value: number): string;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [400, 250, 52, 84, 28, 44];

export function chart(axes: Axes, lines: Line[]): SVGSVGElement {
  const values = lines.flatMap((line) => line.values).filter((value): value is number => value !== null && Number.isFinite(value));
  const ticks = ticksOf(Math.min(...values), Math.max(...values));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const [first, last] = [axes.places[0], axes.places[axes.places.length - 1]];
  const x = (place: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * (last === first ? 0.5 : (place - first) / (last - first)));
  const y = (value: number): number => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (value - low)) / (high - low);
  const grid = ticks.flatMap((tick) => [
    s("line", { class: "rule", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
    s("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, axes.text(tick)),
  ]);
  const below = [...new Set([first, Math.round((first + last) / 2), last])].map((place) =>
    s("text", { x: x(place), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, String(place)));
  const names = spread(lines.map((line) => y(lastOf(line.values) ?? low)));
  const drawn = lines.map((line, i) => s(
    "g", { class: `${line.colour}${line.dashed ? " dashed" : ""}` },
    s("path", { d: pathOf(line.values, axes.places, x, y) }),
    line.values.map((value, at) => value !== null && (axes.places.length <= 20) &&
      s("circle", { cx: x(axes.places[at]), cy: y(value), r: 3 })),
    s("text", { x: x(last) + 9, y: names[i] + 4 }, line.name),
  ));
  return s(
    "svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": axes.label }, grid, below,
    s("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, axes.across),
    s("text", { x: 0, y: 12 }, axes.up), drawn,
  );
}

function pathOf(values: (number | null)[], places: number[], x: (place: number) => number, y: (value: number) => number): string {
  let pen = "M";
  return values.map((value, i) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const part = `${pen}${x(places[i]).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return part;
  }).join("");
}

function lastOf(values: (number | null)[]): number | null {
  return values.reduce((last, value) => value ?? last, null);
}

/** Round numbers from below the least value to above the greatest. */
export function ticksOf(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough)!;
  const from = Math.floor(low / step - 1e-9);
  const to = Math.max(Math.ceil(high / step + 1e-9), from + 1);
  return Array.from({ length: to - from + 1 }, (_, i) => Number(((from + i) * step).toPrecision(12)));
}

/** Names that would lie on each other are moved apart. */
function spread(places: number[]): number[] {
  const out = [...places];
  const order = out.map((_, i) => i).sort((a, b) => out[a] - out[b]);
  for (let i = 1; i < order.length; i++) out[order[i]] = Math.max(out[order[i]], out[order[i - 1]] + 15);
  return out;
}
