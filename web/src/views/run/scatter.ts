/** Many points on a canvas, in the colours of their classes, with the names of these at their centres. */

import { h } from "../../dom";

export interface Points {
  count: number;
  /** Shares of the width and of the height. */
  x: Float32Array;
  y: Float32Array;
  labels: ArrayLike<number>;
  /** Drawn with a cross. */
  wrong: boolean[];
  /** Drawn larger. */
  pictured: Set<number>;
}

/** In shares of the width and the height. */
export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Okabe and Ito's colours, but for those too bright for paper; further classes have them again, and their names. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#b55f90", "#3f9fd8", "#c98a00", "#7a6a55", "#6a5acd"];
const [MARGIN, LONGEST] = [14, 16];

export interface Scatter {
  element: HTMLElement;
  /** A point that stands out, and an area. */
  show(point: number | null, area: Area | null): void;
  /** From a place on the page to shares. */
  at(event: PointerEvent): [number, number];
  /** The nearest point that is not far from a place; null where none is near. */
  near(x: number, y: number): number | null;
  end(): void;
}

export function scatter(points: Points, classes: string[]): Scatter {
  const [base, top] = [h("canvas", { "aria-hidden": "true" }), h("canvas", { class: "top", "aria-hidden": "true" })];
  const element = h("div", { class: "scatter" }, base, top);
  let [width, height] = [1, 1];
  let shown: [number | null, Area | null] = [null, null];
  const px = (share: number): number => MARGIN + share * (width - 2 * MARGIN);
  const py = (share: number): number => MARGIN + share * (height - 2 * MARGIN);

  function size(): void {
    [width, height] = [Math.max(element.clientWidth, 1), Math.max(element.clientHeight, 1)];
    for (const canvas of [base, top]) [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
    draw();
    show(...shown);
  }

  function draw(): void {
    const context = ready(base);
    if (!context) return;
    context.globalAlpha = 0.55;
    const side = points.count > 3000 ? 2 : 3;
    for (let i = 0; i < points.count; i++) {
      const own = points.pictured.has(i) ? 2 * side : side;
      context.fillStyle = COLOURS[points.labels[i] % COLOURS.length];
      context.fillRect(px(points.x[i]) - own / 2, py(points.y[i]) - own / 2, own, own);
    }
    context.globalAlpha = 1;
    context.strokeStyle = ink("--ink");
    for (let i = 0; i < points.count; i++) if (points.wrong[i]) cross(context, px(points.x[i]), py(points.y[i]));
    names(context);
  }

  function names(context: CanvasRenderingContext2D): void {
    const taken: [number, number, number][] = [];
    context.font = `600 14px ${getComputedStyle(element).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 4;
    context.strokeStyle = ink("--paper");
    context.fillStyle = ink("--ink");
    for (const { label, x, y } of centres(points)) {
      const name = shortened(classes[label] ?? String(label));
      const half = context.measureText(name).width / 2 + 4;
      const at = Math.min(Math.max(px(x), half), width - half);
      if (taken.some(([otherX, otherY, other]) => Math.abs(otherX - at) < half + other && Math.abs(otherY - py(y)) < 18)) continue;
      taken.push([at, py(y), half]);
      context.strokeText(name, at, py(y));
      context.fillText(name, at, py(y));
    }
  }

  function ready(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
    const context = canvas.getContext("2d");
    context?.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context?.clearRect(0, 0, width, height);
    return context;
  }

  function show(point: number | null, area: Area | null): void {
    shown = [point, area];
    const context = ready(top);
    if (!context) return;
    context.strokeStyle = ink("--ink");
    context.lineWidth = 2;
    if (point !== null) {
      context.beginPath();
      context.arc(px(points.x[point]), py(points.y[point]), 8, 0, 2 * Math.PI);
      context.stroke();
    }
    if (area) context.strokeRect(px(area.left), py(area.top), px(area.right) - px(area.left), py(area.bottom) - py(area.top));
  }

  const ink = (name: string): string => getComputedStyle(element).getPropertyValue(name);
  const sized = new ResizeObserver(size);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  sized.observe(element);
  scheme.addEventListener("change", size);
  return {
    element, show,
    at({ clientX, clientY }) {
      const box = element.getBoundingClientRect();
      const share = (at: number, length: number): number => Math.min(Math.max((at - MARGIN) / (length - 2 * MARGIN), 0), 1);
      return [share(clientX - box.left, width), share(clientY - box.top, height)];
    },
    near: (x, y) => nearest(points, x, y, 16 / Math.min(width, height)),
    end() {
      sized.disconnect();
      scheme.removeEventListener("change", size);
    },
  };
}

function cross(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  context.moveTo(x - 3.5, y - 3.5);
  context.lineTo(x + 3.5, y + 3.5);
  context.moveTo(x + 3.5, y - 3.5);
  context.lineTo(x - 3.5, y + 3.5);
  context.stroke();
}

/** The one with a picture before others that are as near. */
function nearest({ count, x: xs, y: ys, pictured }: Points, x: number, y: number, reach: number): number | null {
  let best: number | null = null;
  let least = reach;
  for (let i = 0; i < count; i++) {
    const away = Math.hypot(xs[i] - x, ys[i] - y) * (pictured.has(i) ? 0.5 : 1);
    if (away < least) [best, least] = [i, away];
  }
  return best;
}

/** The medians of the classes, the largest class first. */
function centres({ count, x, y, labels }: Points): { label: number; x: number; y: number }[] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < count; i++) members.set(labels[i], []);
  for (let i = 0; i < count; i++) members.get(labels[i])!.push(i);
  return [...members.entries()]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([label, own]) => ({ label, x: median(own.map((i) => x[i])), y: median(own.map((i) => y[i])) }));
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}

function shortened(name: string): string {
  const letters = [...name];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : name;
}
