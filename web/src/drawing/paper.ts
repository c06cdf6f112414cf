/** A canvas with the marks of a sheet on it, and what the network gets of it. */

import { h } from "../dom";
import { tensor, type Tensor } from "../network/tensor";
import { averaged } from "../pixels/average";
import type { Bitmap } from "../pixels/bitmap";
import { centred } from "../pixels/digits";
import type { Mark, Sheet } from "./sheet";

const SIDE = 280;
const FAINTEST = 0.1; // what is left at the edge of an erased stroke is no drawing

export class Paper {
  readonly canvas: HTMLCanvasElement;
  /** Pixels of the canvas for one of the network's. */
  readonly fine: number;
  private readonly sheet: Sheet;
  private readonly context: CanvasRenderingContext2D;

  /** Throws where this browser cannot paint; see `canPaint`. */
  constructor(sheet: Sheet) {
    this.sheet = sheet;
    const [height, width] = sheet.shape;
    this.fine = Math.max(1, Math.ceil(SIDE / Math.max(height, width)));
    this.canvas = h("canvas", { width: width * this.fine, height: height * this.fine });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true })!;
    this.context.lineCap = this.context.lineJoin = "round";
    this.repaint();
  }

  /** Paint all marks since it was last cleared, each moved by all moves that came after it. */
  repaint(): void {
    const { marks } = this.sheet;
    const shown = marks.slice(marks.map(({ kind }) => kind).lastIndexOf("clear") + 1);
    let [across, down] = [0, 0];
    const placed = shown.reverse().map((mark): [Mark, number, number] => {
      if (mark.kind === "move") [across, down] = [across + mark.across, down + mark.down];
      return [mark, across, down];
    });
    this.fill(this.sheet.ground);
    for (const [mark, right, below] of placed.reverse()) this.paint(mark, right, below);
  }

  /** Paint what the last stroke has become longer by. */
  extend(): void {
    const last = this.sheet.marks[this.sheet.marks.length - 1];
    if (last?.kind === "stroke") this.segment(last, last.points.length - 4, 0, 0);
  }

  /** The image that the network gets, in steps of a 255th; null where nothing is drawn. */
  tensor(): Tensor | null {
    if (this.sheet.empty) return null;
    const [height, width] = this.sheet.shape;
    const fine = this.read();
    const plain = averaged(fine, 0, 0, this.fine, width, height);
    if (this.faint(plain)) return null;
    return this.sheet.centred ? centred(fine) : plain;
  }

  /** Whether all pixels are as good as alike: of a grey sheet as its ground, of a coloured one as the first. */
  private faint({ values, shape: [, , channels] }: Tensor): boolean {
    const ground = channels === 1 ? [Number(this.sheet.ground === "#ffffff")] : values.slice(0, channels);
    return values.every((value, i) => Math.abs(value - ground[i % channels]) <= FAINTEST);
  }

  private read(): Tensor {
    const { width, height } = this.canvas;
    const { data } = this.context.getImageData(0, 0, width, height);
    const channels = this.sheet.shape[2];
    const out = tensor([height, width, channels]);
    for (let pixel = 0, at = 0; pixel < width * height; pixel++)
      for (let channel = 0; channel < channels; channel++, at++) out.values[at] = data[4 * pixel + channel] / 255;
    return out;
  }

  private fill(colour: string): void {
    this.context.fillStyle = colour;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  private paint(mark: Mark, across: number, down: number): void {
    if (mark.kind === "ground") this.fill(mark.colour);
    if (mark.kind === "image") this.place(mark.image, across, down);
    if (mark.kind !== "stroke") return;
    for (let at = -2; at < mark.points.length - 2; at += 2) this.segment(mark, at, across, down);
  }

  /**
   * One line of a stroke, from a point to the next; before the first point stands the dot that a stroke begins with.
   * It is painted line by line, so that it looks the same while it grows and afterwards.
   */
  private segment(mark: Mark & { kind: "stroke" }, from: number, across: number, down: number): void {
    const place = (start: number): [number, number] =>
      [(mark.points[start] + across) * this.fine, (mark.points[start + 1] + down) * this.fine];
    this.context.strokeStyle = this.context.fillStyle = mark.colour ?? this.sheet.ground;
    this.context.lineWidth = mark.width * this.fine;
    this.context.beginPath();
    if (from < 0) {
      this.context.arc(...place(0), this.context.lineWidth / 2, 0, 2 * Math.PI);
      return this.context.fill();
    }
    this.context.moveTo(...place(from));
    this.context.lineTo(...place(from + 2));
    this.context.stroke();
  }

  /** Lay an image of the network's size on the sheet, each pixel a square. */
  private place(image: Bitmap, across: number, down: number): void {
    for (let row = 0, at = 0; row < image.height; row++)
      for (let column = 0; column < image.width; column++, at += image.channels) {
        const [red, green, blue] = image.channels === 3 ? image.values.subarray(at, at + 3) : Array(3).fill(image.values[at]);
        this.context.fillStyle = `rgb(${red} ${green} ${blue})`;
        this.context.fillRect((column + across) * this.fine, (row + down) * this.fine, this.fine, this.fine);
      }
  }
}
