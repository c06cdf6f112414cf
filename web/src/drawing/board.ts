/** The sheet as one draws on it: by mouse, finger or pen, and moved by the arrow keys. */

import "./drawing.css";
import { tell } from "../language";
import "../languages/zh/drawing";
import type { Store } from "../store";
import { follow } from "./follow";
import { Paper } from "./paper";
import type { Sheet, Tool } from "./sheet";

export interface Board {
  element: HTMLCanvasElement;
  paper: Paper;
  end(): void;
}

const KEYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
const ERASER_OF_A_PEN = 32; // of PointerEvent.buttons

/** A canvas to draw on; the store is told of each change. */
export function board(sheet: Sheet, store: Store): Board {
  const paper = new Paper(sheet);
  const { canvas } = paper;
  canvas.className = "board";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", tell("Sheet to draw on with mouse, finger or pen. The arrow keys move what is drawn."));
  listenToPointers(canvas, sheet, paper.fine);
  canvas.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step) sheet.move(...step);
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) sheet.undo();
    else return;
    event.preventDefault();
  });
  const deaf = sheet.subscribe((change) => (change === "longer" ? paper.extend() : paper.repaint()));
  const still = follow(sheet, paper, store);
  return { element: canvas, paper, end: () => (deaf(), still()) };
}

/** One pointer at a time: a second finger does not draw. */
function listenToPointers(canvas: HTMLCanvasElement, sheet: Sheet, fine: number): void {
  let held: { id: number; tool: Tool; x: number; y: number } | null = null;
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / fine / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (held || (event.button !== 0 && !(event.buttons & ERASER_OF_A_PEN))) return;
    const [x, y] = place(event);
    held = { id: event.pointerId, tool: event.buttons & ERASER_OF_A_PEN ? "eraser" : sheet.tool, x, y };
    canvas.setPointerCapture(event.pointerId);
    sheet.begin(x, y, held.tool);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    const [x, y] = place(event);
    if (held.tool === "move") {
      const [right, below] = [Math.round(x - held.x), Math.round(y - held.y)];
      if (right || below) sheet.move(right, below);
      [held.x, held.y] = [held.x + right, held.y + below];
      return;
    }
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) sheet.extend(...place(each));
  });
  for (const end of ["pointerup", "pointercancel"] as const)
    canvas.addEventListener(end, (event) => {
      if (held?.id === event.pointerId) held = null;
    });
}
