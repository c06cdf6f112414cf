/** What is drawn: marks one after another, so that each can be undone. It outlives the views that it is seen in. */

import type { Bitmap } from "../pixels/bitmap";
import type { Store } from "../store";

/** Places and widths are in pixels of the network's image. */
export type Mark =
  | { kind: "stroke"; colour: string | null; width: number; points: number[] } // null erases; x and y in turn
  | { kind: "image"; image: Bitmap }
  | { kind: "move"; across: number; down: number } // of all that was drawn before
  | { kind: "ground"; colour: string }
  | { kind: "clear" };

export type Tool = "pen" | "eraser" | "move";
/** What changed: a stroke has become longer, or anything. */
export type Change = "longer" | "all";

const THICKNESS = 0.085; // of the shorter side: 2.4 pixels of MNIST's 28
const THINNEST = 1.5; // pixels

export class Sheet {
  /** Height, width, channels. */
  readonly shape: [number, number, number];
  readonly ink: string;
  readonly ground: string;
  /** Whether what is drawn is cut out and centred, as the training images were; null where they were not. */
  centred: boolean | null;
  tool: Tool = "pen";
  colour: string;
  thickness: number;
  marks: Mark[] = [];
  private readonly listeners = new Set<(change: Change) => void>();

  constructor(shape: [number, number, number], brightOnDark: boolean, digits: boolean) {
    this.shape = shape;
    [this.ink, this.ground] = brightOnDark ? ["#ffffff", "#000000"] : ["#000000", "#ffffff"];
    this.colour = this.ink;
    this.centred = digits ? true : null;
    this.thickness = Math.max(THINNEST, THICKNESS * Math.min(shape[0], shape[1]));
  }

  get empty(): boolean {
    return !this.marks.length || this.marks[this.marks.length - 1].kind === "clear";
  }

  add(mark: Mark): void {
    this.marks.push(mark);
    this.tellAll("all");
  }

  /** Begin what the tool does, at a place. */
  begin(x: number, y: number, tool: Tool): void {
    if (tool === "move") this.add({ kind: "move", across: 0, down: 0 });
    else this.add({ kind: "stroke", colour: tool === "eraser" ? null : this.colour, width: this.thickness, points: [x, y] });
  }

  /** Make the last stroke longer. */
  extend(x: number, y: number): void {
    const last = this.marks[this.marks.length - 1];
    if (last?.kind !== "stroke") return;
    last.points.push(x, y);
    this.tellAll("longer");
  }

  /** Move all that is drawn; moves one after another are undone as one. */
  move(across: number, down: number): void {
    if (this.empty) return;
    const last = this.marks[this.marks.length - 1];
    if (last.kind !== "move") return this.add({ kind: "move", across, down });
    last.across += across;
    last.down += down;
    this.tellAll("all");
  }

  undo(): void {
    this.marks.pop();
    this.tellAll("all");
  }

  clear(): void {
    if (!this.empty) this.add({ kind: "clear" });
  }

  /** Cut out and centre what is drawn, or leave it as it is. */
  centre(centred: boolean): void {
    this.centred = centred;
    this.tellAll("all");
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tellAll(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
}

const sheets = new WeakMap<Store, Sheet>();

/** The sheet of this page; null where there is no network, or one that takes neither grey nor colours. */
export function sheetOf(store: Store): Sheet | null {
  const shape = store.network?.record.input_shape;
  if (!shape || ![1, 3].includes(shape[2])) return null;
  const { bright_on_dark, digits } = store.payload.reading;
  if (!sheets.has(store)) sheets.set(store, new Sheet(shape, bright_on_dark, digits));
  return sheets.get(store)!;
}
