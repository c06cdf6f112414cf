/** What a filter, or a class, looks for: its weights, a picture that maximises it, the images that answer it most. */

import { h } from "../../dom";
import { sheetOf } from "../../images";
import { tell } from "../../language";
import { tensor } from "../../network/tensor";
import type { Weight } from "../../network/layers";
import { maps } from "../../parts/maps";
import { picker } from "../../parts/picker";
import type { LayerRecord, UnitPictures } from "../../payload";
import type { Store } from "../../store";

export interface Filter {
  element: HTMLElement;
  update(): void;
  end(): void;
}

/** Null where nothing is known of it. */
export function filter(store: Store, layer: LayerRecord, unit: number, member: number, weight: Weight): Filter | null {
  const prefix = store.network!.record.vote > 1 ? `members.${member}.` : "";
  const { units } = store.payload;
  const pictures = units[prefix + layer.name] ?? (layer.kind === "dense" ? units[layer.name] : undefined);
  const kernel = layer.kind === "conv2d" ? kernelOf(layer, unit, weight) : null;
  const count = store.payload.images?.answers.length ?? 0;
  const numbers = (pictures?.strongest[unit] ?? []).filter((number) => number < count);
  const strongest = numbers.length ? picker(store, numbers, tell("Images that answer it most")) : null;
  if (!kernel && !pictures?.maximised && !strongest) return null;
  const element = h(
    "section", { class: "filter" }, h("h2", {}, kernel ? tell("What does this filter look for?") : tell("What does this class look for?")),
    h("div", { class: "looks" },
      kernel && h("figure", { class: "kernel" }, kernel.element, h("figcaption", {}, kernelCaption(layer))),
      pictures?.maximised && maximised(pictures, unit),
      strongest && h("figure", {}, strongest.element, h("figcaption", {}, tell("Of the images in this page those that answer it most. Pick one to look at it.")))),
  );
  return { element, update: () => strongest?.update(), end: () => kernel?.end() };
}

function kernelCaption(layer: LayerRecord): string {
  return layer.input_shape[2] === 1
    ? tell("Its weights: orange ones want light there, blue ones want dark.")
    : tell("Its weights, one picture for each input map: orange ones want that map to be strong there, blue ones weak.");
}

function kernelOf(layer: LayerRecord, unit: number, weight: Weight): { element: HTMLElement; end(): void } {
  const [tall, wide] = layer.kernel_size!;
  const count = layer.input_shape[2];
  const size = tall * wide;
  const own = weight("weight").subarray(unit * count * size, (unit + 1) * count * size);
  const turned = tensor([tall, wide, count]);
  own.forEach((value, i) => (turned.values[(i % size) * count + Math.floor(i / size)] = value));
  if (turned.values.every((value) => value >= 0)) turned.values[0] ||= -1e-12; // so that it is painted on the scale of both signs
  const shown = maps(turned.shape, { label: (map) => tell("Weights for input map {number}", { number: map + 1 }) });
  shown.update(turned);
  return shown;
}

function maximised({ maximised: sprite }: UnitPictures, unit: number): HTMLElement {
  const canvas = h("canvas", { width: 1, height: 1, role: "img", "aria-label": tell("A picture that maximises it") });
  void sheetOf(sprite!).ready.then(() => sheetOf(sprite!).paint(canvas, unit)).catch(() => canvas.remove());
  return h("figure", { class: "maximised" }, canvas, h("figcaption", {}, tell(
    "A picture made by the computer so that this answers as strongly as it can. Plain grey: nothing moves it.",
  )));
}
