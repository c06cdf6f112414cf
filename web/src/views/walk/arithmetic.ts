/** How large a map is that comes of a window: the formula, with numbers that can be changed. */

import { h, s } from "../../dom";
import { tell } from "../../language";
import type { LayerRecord } from "../../payload";

interface Numbers {
  size: number;
  window: number;
  stride: number;
  padding: "valid" | "same";
}

/** What follows from the numbers. */
export interface Result {
  before: number;
  after: number;
  made: number;
  /** Rows at the end that no window sees. */
  unseen: number;
}

/** As in pellucid.spec.layers: "same" gives ceil(size / stride) outputs, and an odd row of padding goes after. */
export function arithmetic({ size, window, stride, padding }: Numbers): Result {
  const wanted = Math.ceil(size / stride);
  const total = padding === "same" ? Math.max((wanted - 1) * stride + window - size, 0) : 0;
  const before = Math.floor(total / 2);
  const made = Math.max(Math.floor((size + total - window) / stride) + 1, 0);
  const seen = made ? (made - 1) * stride + window - before : 0;
  return { before, after: total - before, made, unseen: Math.max(size - seen, 0) };
}

export function shapeArithmetic(layer: LayerRecord): HTMLElement {
  const noun = layer.kernel_size ? tell("Kernel") : tell("Window");
  const given: Numbers = {
    size: layer.input_shape[0], window: (layer.kernel_size ?? layer.pool_size)![0], stride: layer.strides![0],
    padding: layer.padding ?? "valid",
  };
  const now = { ...given };
  const formula = h("p", { class: "formula", "aria-live": "polite" });
  const drawing = h("div", { class: "drawing" });
  const size = field(tell("Input"), now.size, 512, (value) => (now.size = value), () => show());
  const window = field(noun, now.window, 99, (value) => (now.window = value), () => show());
  const stride = field(tell("Stride"), now.stride, 99, (value) => (now.stride = value), () => show());
  const padding = h("select", { onchange: () => ((now.padding = padding.value as Numbers["padding"]), show()) },
    ["valid", "same"].map((value) => h("option", { value, selected: value === now.padding }, value)));
  const own = h("button", { onclick: () => {
    Object.assign(now, given);
    [size.input.value, window.input.value, stride.input.value] = [now.size, now.window, now.stride].map(String);
    padding.value = now.padding;
    show();
  } }, tell("As in this layer"));

  function show(): void {
    const result = arithmetic(now);
    own.disabled = (Object.keys(given) as (keyof Numbers)[]).every((name) => given[name] === now[name]);
    formula.textContent = written(now, result);
    drawing.replaceChildren(result.made ? drawn(now, result) : "");
  }

  show();
  return h(
    "section", { class: "arithmetic" },
    h("h2", {}, tell("How large is the map?")),
    h("p", {}, tell("The window goes in steps of the stride, and each step gives one value. Rows and columns are counted alike; here are the rows.")),
    h("div", { class: "fields" }, size.element, window.element, stride.element, h("label", {}, tell("Padding"), padding), own),
    formula, drawing,
  );
}

function field(label: string, value: number, most: number, set: (value: number) => void, show: () => void): {
  element: HTMLElement; input: HTMLInputElement;
} {
  const input = h("input", { type: "number", min: 1, max: most, step: 1, value, oninput: () => {
    const next = Math.round(Number(input.value));
    const good = next >= 1 && next <= most;
    input.setAttribute("aria-invalid", String(!good));
    if (!good) return;
    set(next);
    show();
  } });
  return { element: h("label", {}, label, input), input };
}

function written({ size, window, stride }: Numbers, { before, after, made, unseen }: Result): string {
  const padding = before + after;
  if (!made) return tell("The window, {window}, is larger than the input, {size}: no such layer can be.", { window, size });
  const formula = `⌊(${size} + ${padding} − ${window}) ÷ ${stride}⌋ + 1 = ${made}`;
  const named = tell("⌊(input + padding − window) ÷ stride⌋ + 1: {formula}", { formula });
  return unseen ? `${named}. ${unseen === 1 ? tell("The last row is never seen.") : tell("The last {count} rows are never seen.", { count: unseen })}` : `${named}.`;
}

/** The rows as cells, the values that come of them below, and lines from the first windows and the last to their values. */
function drawn({ size, window, stride }: Numbers, { before, after, made, unseen }: Result): SVGSVGElement {
  const all = before + size + after;
  const cells = Array.from({ length: all }, (_, i) => s("rect", {
    x: i + 0.06, y: 0, width: 0.88, height: 0.88,
    class: i < before || i >= before + size ? "padding" : i >= before + size - unseen ? "unseen" : "cell",
  }));
  const middle = (number: number): number => number * stride + window / 2;
  const values = Array.from({ length: made }, (_, i) => s("rect", { x: middle(i) - 0.44, y: 3, width: 0.88, height: 0.88, class: "value" }));
  const shown = [...new Set([0, 1, made - 1])].filter((number) => number < made);
  const lines = shown.map((number) => s("path", {
    class: "reach", d: `M${number * stride} 1L${middle(number) - 0.44} 2.95H${middle(number) + 0.44}L${number * stride + window} 1Z`,
  }));
  const label = tell("{size} rows, of which windows of {window} make {made} values", { size, window, made });
  const height = 4;
  const svg = s("svg", { viewBox: `0 0 ${all} ${height}`, role: "img", "aria-label": label }, lines, cells, values);
  svg.style.maxWidth = `${Math.min(all * 1.6, 60)}rem`;
  return svg;
}
