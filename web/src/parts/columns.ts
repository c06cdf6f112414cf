/** Many numbers as columns above and below a line, one of which is chosen. */

import "./columns.css";
import { h, s } from "../dom";

export interface Columns {
  element: HTMLElement;
  show(values: ArrayLike<number>, chosen: number, text: string): void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

/** With `choose` columns are chosen by pointing, and by arrow keys. */
export function columns(label: string, count: number, choose?: (number: number) => void): Columns {
  const bars = Array.from({ length: count }, (_, i) => s("rect", { x: i + 0.1, width: 0.8 }));
  const here = s("rect", { class: "here", y: 0, height: 100, width: 1 });
  const line = s("line", { x1: 0, x2: count, y1: 50, y2: 50 });
  const drawing = s(
    "svg", { viewBox: `0 0 ${count} 100`, preserveAspectRatio: "none", "aria-hidden": "true" }, here, bars, line,
  );
  const element = h("div", { class: "columns", role: "img", "aria-label": label }, drawing);
  const chooser = choose && choosing(element, label, count, choose);

  return {
    element,
    show(values, chosen, text) {
      const most = Array.from(values).reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1e-12);
      bars.forEach((bar, i) => {
        const tall = (48 * Math.abs(values[i])) / most;
        bar.setAttribute("y", String(values[i] < 0 ? 50 : 50 - tall));
        bar.setAttribute("height", String(tall));
        bar.setAttribute("class", values[i] < 0 ? "below" : "above");
      });
      here.setAttribute("x", String(chosen));
      chooser?.(chosen, text);
    },
  };
}

/** What comes back says which one is chosen. */
function choosing(element: HTMLElement, label: string, count: number, choose: (number: number) => void): (chosen: number, text: string) => void {
  for (const [name, value] of Object.entries({
    role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "1", "aria-valuemax": String(count),
  })) element.setAttribute(name, value);
  element.classList.add("movable");
  let at = 0;
  const to = (number: number): void => choose(Math.min(Math.max(number, 0), count - 1));
  const point = (event: PointerEvent): void => {
    const box = element.getBoundingClientRect();
    to(Math.floor(((event.clientX - box.left) / box.width) * count));
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    point(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && point(event));
  element.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    to(at + STEPS[event.key]);
  });
  return (chosen, text) => {
    at = chosen;
    element.setAttribute("aria-valuenow", String(chosen + 1));
    element.setAttribute("aria-valuetext", text);
  };
}
