/** One layer: a unit of it in numbers, where it looks, what it looks for, and how large its maps are. */

import { h } from "../../dom";
import { someImages } from "../../images";
import { tell } from "../../language";
import { receptiveField } from "../../network/field";
import { weightsOf } from "../../network/network";
import { argmax, type Tensor } from "../../network/tensor";
import { times, whole } from "../../numbers";
import { kindOf, sentenceOf } from "../../parts/layer_words";
import { looking } from "../../parts/looking";
import { maps, type Maps } from "../../parts/maps";
import { picker } from "../../parts/picker";
import type { LayerRecord } from "../../payload";
import type { Store } from "../../store";
import { shapeArithmetic } from "./arithmetic";
import { convolution } from "./convolution";
import { dense } from "./dense";
import { filter, type Filter } from "./filter";
import { flatten } from "./flatten";
import { members, type Looked } from "./members";
import { pointwise } from "./pointwise";
import { globalPooling, pooling } from "./pooling";
import type { Scene, Setting } from "./scene";
import { softmaxScene } from "./softmax";

const SCENES: Record<string, (setting: Setting) => Scene> = {
  conv2d: convolution, max_pooling2d: pooling, average_pooling2d: pooling, global_max_pooling2d: globalPooling,
  global_average_pooling2d: globalPooling, flatten, dense, activation: pointwise, dropout: pointwise,
  batch_normalization: pointwise,
};
/** Before a place is written into the address; browsers forbid writing it more often than so. */
const PATIENCE = 400;

export function detail(
  root: HTMLElement, store: Store, looked: Looked, index: number, place: number[], go: (...place: string[]) => void,
): () => void {
  const { layers } = store.network!.record;
  const layer = layers[index];
  const count = layer.output_shape[layer.output_shape.length - 1];
  let chosen = within(place[0], count) !== null;
  let unit = within(place[0], count) ?? 0;
  let at = placeOf(layer, place);
  let scene: Scene | null = null;
  let panel: Filter | null = null;
  let writing: ReturnType<typeof setTimeout> | undefined;

  const image = looking(store);
  const choice = picker(store, someImages(store.payload), tell("Images to look at"));
  const [stage, below] = [h("div", { class: "scene" }), h("div")];
  const units = unitPicker(store, layer, (next) => {
    [unit, at, chosen] = [next, null, true];
    go(layer.name, String(unit));
    build();
  });

  function moved(row: number, column: number): void {
    at = [row, column];
    const address = layer.kind === "flatten" ? [column] : [unit, row, column];
    clearTimeout(writing);
    writing = setTimeout(() => go(layer.name, ...address.map(String)), PATIENCE);
  }

  function shown(row: number, column: number): void {
    const field = receptiveField(layers.slice(0, index + 1), row, column);
    const size = times([field.bottom - field.top, field.right - field.left]);
    image.mark(field, tell("This value sees {size} pixels of the image.", { size }));
  }

  function build(): void {
    scene?.end?.();
    panel?.end();
    const weight = weightsOf(store.network!.record, layer, looked.member);
    const make = layer.kind === "activation" && layer.activation === "softmax" && layer.output_shape.length === 1
      ? softmaxScene : SCENES[layer.kind];
    scene = make({ store, layers: layers.slice(0, index + 1), layer, unit, place: at, weight, shown, moved });
    stage.replaceChildren(scene.element);
    panel = filter(store, layer, unit, looked.member, weight);
    below.replaceChildren(...(panel ? [panel.element] : []));
    units?.choose(unit);
    update();
  }

  function update(): void {
    image.update();
    choice.update();
    panel?.update();
    stage.hidden = store.answer === null;
    if (!store.answer) return;
    const step = store.answer.members[looked.member][index];
    if (!chosen) {
      [unit, chosen] = [strongestUnit(step.output), true];
      return build();
    }
    units?.update(step.output);
    scene?.update(step);
  }

  root.append(
    ...head(layers, index), ...[units?.element, members(store, looked, build), stage].filter((each) => each != null),
    h("section", { class: "image" }, h("h2", {}, tell("Where does it look?")), h("div", { class: "looks" }, image.element, choice.element)),
    below,
    ...(layer.strides ? [shapeArithmetic(layer)] : []),
  );
  build();
  const unsubscribe = store.subscribe(update);
  return () => {
    clearTimeout(writing);
    unsubscribe();
    scene?.end?.();
    panel?.end();
    units?.end();
  };
}

function head(layers: LayerRecord[], index: number): HTMLElement[] {
  const layer = layers[index];
  const link = (to: LayerRecord | undefined, arrow: (name: string) => string): HTMLElement | null =>
    to ? h("a", { href: `#/walk/${to.name}` }, arrow(kindOf(to))) : null;
  return [
    h("nav", { class: "steps", "aria-label": tell("Layers") },
      h("a", { href: "#/walk" }, tell("All layers")), link(layers[index - 1], (name) => `← ${name}`), link(layers[index + 1], (name) => `${name} →`)),
    h("h1", {}, kindOf(layer), " ", h("small", {}, layer.name)),
    h("p", { class: "lede" }, sentenceOf(layer)),
    h("p", { class: "meta" }, layer.parameters
      ? tell("{before} → {after}, {count} parameters", { before: times(layer.input_shape), after: times(layer.output_shape), count: whole(layer.parameters) })
      : tell("{before} → {after}, nothing learned", { before: times(layer.input_shape), after: times(layer.output_shape) })),
  ];
}

/** The map, or the unit, with the greatest value. */
function strongestUnit({ shape, values }: Tensor): number {
  return shape.length === 3 ? argmax(values) % shape[2] : argmax(values);
}

type Units = Pick<Maps, "element" | "update" | "choose" | "end">;

/** What a unit is chosen by: the maps of the layer, or the names of its units; null where there is nothing to choose. */
function unitPicker(store: Store, layer: LayerRecord, choose: (unit: number) => void): Units | null {
  const { classes } = store.payload;
  if (layer.output_shape.length === 3 || layer.kind.startsWith("global_")) {
    const shape = layer.output_shape.length === 3 ? layer.output_shape : [1, 1, layer.output_shape[0]];
    const own = maps(shape, { label: (map) => tell("Map {number}", { number: map + 1 }), open: choose });
    return { ...own, update: (output) => own.update({ shape, values: output.values }) };
  }
  if (layer.kind === "flatten") return null;
  const [count] = layer.output_shape;
  const named = store.network!.record.layers.at(-1) === layer && classes.length === count;
  const select = h("select", { onchange: () => choose(Number(select.value)) }, Array.from({ length: count }, (_, unit) =>
    h("option", { value: unit }, named ? classes[unit] : tell("Unit {number}", { number: whole(unit + 1) }))));
  return {
    element: h("label", { class: "unit" }, named ? tell("Class") : tell("Unit"), " ", select),
    update() {}, choose: (unit) => (select.value = String(unit)), end() {},
  };
}

function within(number: number | undefined, count: number): number | null {
  return number !== undefined && Number.isInteger(number) && number >= 0 && number < count ? number : null;
}

function placeOf(layer: LayerRecord, [, row, column]: number[]): [number, number] | null {
  if (layer.output_shape.length !== 3) return null;
  const [height, width] = layer.output_shape;
  const [y, x] = [within(row, height), within(column, width)];
  return y === null || x === null ? null : [y, x];
}
