/** All layers in their order, with what they make of the image that is looked at. */

import { h } from "../../dom";
import { someImages, underlined } from "../../images";
import { tell } from "../../language";
import { receptiveField, type Field } from "../../network/field";
import type { Step } from "../../network/network";
import { decimal, times, whole } from "../../numbers";
import { bars } from "../../parts/bars";
import { kindOf, sentenceOf } from "../../parts/layer_words";
import { looking, type Looking } from "../../parts/looking";
import { maps, type Place } from "../../parts/maps";
import { picker } from "../../parts/picker";
import { strip } from "../../parts/strip";
import type { LayerRecord } from "../../payload";
import type { Store } from "../../store";
import { members, type Looked } from "./members";

/** What a layer gives, as a figure. */
interface Figure {
  element: HTMLElement | null;
  update(step: Step): void;
  end?(): void;
}

export function overview(root: HTMLElement, store: Store, looked: Looked): () => void {
  const { layers } = store.network!.record;
  const image = looking(store);
  const choice = picker(store, someImages(store.payload), tell("Images to look at"));
  const none = h("p", { class: "none" }, tell("Draw something, and its maps appear here."), " ", h("a", { href: "#/draw" }, tell("Draw")));
  const figures = layers.map((_, index) => figureOf(store, index, image, looked));
  const update = (): void => {
    image.update();
    choice.update();
    none.hidden = store.answer !== null;
    if (store.answer) figures.forEach((figure, i) => figure.update(store.answer!.members[looked.member][i]));
  };
  root.append(
    h("h1", {}, tell("From the image to the answer")),
    h("p", { class: "lede" }, tell(
      "The image goes in at the top. Each layer makes something new of what the layer before it gives, and the last one gives the answer. Open a layer to see how each number comes about.",
    )),
    h(
      "div", { class: "beside" },
      h("aside", { "aria-label": tell("The image that is looked at") }, image.element, choice.element, h("p", { class: "which" }, underlined(store.payload)), none, members(store, looked, update)),
      h("ol", { class: "layers" }, layers.map((layer, i) => row(layer, figures[i].element))),
    ),
  );
  update();
  const unsubscribe = store.subscribe(update);
  return () => {
    unsubscribe();
    for (const figure of figures) figure.end?.();
  };
}

function row(layer: LayerRecord, figure: HTMLElement | null): HTMLElement {
  const size = layer.parameters
    ? tell("{before} → {after}, {count} parameters", {
      before: times(layer.input_shape), after: times(layer.output_shape), count: whole(layer.parameters),
    })
    : tell("{before} → {after}, nothing learned", { before: times(layer.input_shape), after: times(layer.output_shape) });
  return h(
    "li", {},
    h("h2", {}, h("a", { href: `#/walk/${layer.name}` }, kindOf(layer)), " ", h("small", {}, layer.name)),
    h("p", {}, sentenceOf(layer)),
    h("p", { class: "meta" }, size),
    figure,
  );
}

function figureOf(store: Store, index: number, image: Looking, looked: Looked): Figure {
  const { layers } = store.network!.record;
  const layer = layers[index];
  if (layer.kind === "dropout") return { element: null, update() {} };
  if (index === layers.length - 1) return answer(store);
  return layer.output_shape.length === 3 ? mapsOf(store, index, image, looked) : vector(store, index, image, looked);
}

function mapsOf(store: Store, index: number, image: Looking, looked: Looked): Figure {
  const { layers } = store.network!.record;
  const { name, output_shape } = layers[index];
  const own = maps(output_shape, {
    label: (channel) => tell("{layer}, map {number}", { layer: name, number: channel + 1 }),
    href: (channel) => `#/walk/${name}/${channel}`,
    pointed: (place) => {
      if (!place || !store.answer) return image.mark(null);
      const step = store.answer.members[looked.member][index];
      image.mark(...seen(layers.slice(0, index + 1), step, place));
    },
  });
  return { element: own.element, update: ({ output }) => own.update(output), end: own.end };
}

/** The part of the image that a value sees, and the value in words. */
function seen(layers: LayerRecord[], { layer, output }: Step, { row, column, channel }: Place): [Field, string] {
  const [, width, channels] = layer.output_shape;
  const field = receptiveField(layers, row, column);
  return [field, tell("{layer}, map {map}, row {row}, column {column}: {value}. It sees {size} pixels.", {
    layer: layer.name, map: channel + 1, row: row + 1, column: column + 1,
    value: decimal(output.values[(row * width + column) * channels + channel]), size: sizeOf(field),
  })];
}

function sizeOf({ top, left, bottom, right }: Field): string {
  return times([bottom - top, right - left]);
}

function vector(store: Store, index: number, image: Looking, looked: Looked): Figure {
  const { layers } = store.network!.record;
  const { name, output_shape } = layers[index];
  const own = strip(tell("{layer}: {count} values", { layer: name, count: whole(output_shape[0]) }), output_shape[0], (unit) => {
    if (!store.answer) return;
    const { output } = store.answer.members[looked.member][index];
    const field = receptiveField(layers.slice(0, index + 1), 0, unit);
    const text = tell("{layer}, value {number}: {value}. It sees {size} pixels.", {
      layer: name, number: whole(unit + 1), value: decimal(output.values[unit]), size: sizeOf(field),
    });
    own.mark(unit, text);
    image.mark(field, text);
  });
  return { element: own.element, update: ({ output }) => own.update(output.values) };
}

/** The last layer: the answer of the whole run, as everywhere in the page. */
function answer(store: Store): Figure {
  const own = bars(store.payload.classes, "probability");
  return { element: own.element, update: () => own.update(store.answer!.probabilities, store.verdict?.kind != null) };
}
