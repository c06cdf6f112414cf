/** How loss and accuracy went, epoch by epoch, on the images of the training and on held-out ones. */

import { percent, tell } from "../language";
import "../languages/zh/curves";
import { decimal } from "../numbers";
import type { Payload } from "../payload";
import { chart, type Line } from "./chart";

type Row = Payload["history"][number];

export function lossCurve(history: Row[]): SVGSVGElement {
  return curve(history, tell("Loss"), ({ loss }) => loss, ({ val_loss }) => val_loss, (value) => decimal(value, value < 0.1 ? 3 : 2));
}

export function accuracyCurve(history: Row[]): SVGSVGElement {
  return curve(history, tell("Accuracy"), ({ accuracy }) => accuracy, ({ val_accuracy }) => val_accuracy, (value) => percent(value));
}

function curve(
  history: Row[], name: string, own: (row: Row) => number | null, held: (row: Row) => number | null, text: (value: number) => string,
): SVGSVGElement {
  const lines: Line[] = [{ name: tell("training"), values: history.map(own), colour: "blue" }];
  const other = history.map(held);
  if (other.some((value) => value !== null)) lines.push({ name: tell("validation"), values: other, colour: "orange", dashed: true });
  const last = lines.map((line) => `${line.name} ${text(line.values[line.values.length - 1] ?? NaN)}`).join(", ");
  return chart({
    label: tell("{name} by epoch; after the last one: {last}", { name, last }),
    across: tell("epoch"), up: name, places: history.map(({ epoch }) => epoch), text,
  }, lines);
}
