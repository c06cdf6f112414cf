/** The run itself: how it went, how well it answers, where it fails, and what it is. */

import "./run.css";
import "../../languages/zh/run";
import { h } from "../../dom";
import { percent, tell } from "../../language";
import { decimal, whole } from "../../numbers";
import { accuracyCurve, lossCurve } from "../../parts/curves";
import { canPaint } from "../../parts/picture";
import type { Store } from "../../store";
import type { View } from "../view";
import { confusion } from "./confusion";
import { gallery } from "./gallery";
import { featureMap } from "./feature_map";

/** A part of the page, and what ends it. */
export interface Part {
  element: HTMLElement;
  update?(): void;
  end?(): void;
}

const SAMPLES = 24;

export const run: View = {
  id: "run",
  title: "Run",
  has: () => true,
  mount(root, store) {
    const { payload } = store;
    const parts: Part[] = [
      { element: headline(store) }, curves(store), ...(payload.evaluation ? [confusion(payload.evaluation.confusion, payload.classes, payload.evaluation.split)] : []),
      ...(canPaint() ? galleries(store) : []), ...(canPaint() && payload.map ? [featureMap(store, payload.map)] : []), { element: facts(store) },
    ];
    root.append(h("article", { class: "run-view" }, parts.map(({ element }) => element)));
    const update = (): void => parts.forEach((part) => part.update?.());
    update();
    const unsubscribe = store.subscribe(update);
    return () => {
      unsubscribe();
      for (const part of parts) part.end?.();
    };
  },
};

function headline({ payload }: Store): HTMLElement {
  const { evaluation } = payload;
  if (!evaluation)
    return h("section", {}, h("h1", {}, tell("This run")), h("p", { class: "lede" }, tell("It has not been judged on test images yet: pellucid evaluate does so.")));
  const { accuracy, count, interval, split } = evaluation;
  return h(
    "section", {},
    h("h1", {}, tell("{share} of the {split} images are answered right", { share: percent(accuracy, 2), split: tell(split) })),
    h("p", { class: "lede" }, tell(
      "{right} of {count} images that had no part in the training. On many other images of the same kind it would be between {low} and {high}, with a confidence of 95%.",
      { right: whole(Math.round(accuracy * count)), count: whole(count), low: percent(interval[0], 2), high: percent(interval[1], 2) },
    )),
  );
}

function curves({ payload: { history } }: Store): Part {
  if (!history.length) return { element: h("section", { hidden: true }) };
  const text = history.length === 1
    ? tell("There was one epoch: each training image was seen once. Training images are counted while the network learns, validation images afterwards.")
    : tell("An epoch is one pass over all training images. They are counted while the network learns, validation images after each epoch.");
  return { element: section(tell("How the training went"), h("div", { class: "pair" }, lossCurve(history), accuracyCurve(history)), h("p", { class: "note" }, text)) };
}

function galleries(store: Store): Part[] {
  const { images, evaluation } = store.payload;
  if (!images) return [];
  const numbers = images.answers.map((_, number) => number);
  const wrong = numbers.filter((number) => images.answers[number].label !== images.answers[number].predicted);
  const right = numbers.filter((number) => images.answers[number].label === images.answers[number].predicted);
  const mistaken = evaluation ? Math.round((1 - evaluation.accuracy) * evaluation.count) : wrong.length;
  return [
    ...(wrong.length ? [gallery(store, wrong, tell("Mistakes"), mistaken > wrong.length
      ? tell("The {count} worst of {all}. Pick one to look at it.", { count: whole(wrong.length), all: whole(mistaken) })
      : tell("All {count}, the worst first. Pick one to look at it.", { count: whole(wrong.length) }))] : []),
    ...(right.length ? [gallery(store, spread(right, SAMPLES), tell("Samples"), tell("Images of the {split} split that are answered right.", { split: tell(images.split) }))] : []),
  ];
}

/** Some of many, from all over. */
function spread(numbers: number[], count: number): number[] {
  if (numbers.length <= count) return numbers;
  return Array.from({ length: count }, (_, i) => numbers[Math.floor((i * numbers.length) / count)]);
}

function facts({ payload: { run: own, version, layers, remarks } }: Store): HTMLElement {
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const rows: [string, string][] = [
    [tell("Run"), own.name], [tell("Recipe"), own.recipe || "–"], [tell("Data"), own.data],
    ...Object.entries(own.counts).map(([split, count]): [string, string] => [tell("Images: {split}", { split: tell(split) }), whole(count)]),
    [tell("Epochs"), whole(own.epochs)],
    ...(own.train_seconds === null ? [] : [[tell("Seconds of training"), decimal(own.train_seconds, 1)] as [string, string]]),
    ...(layers.length ? [[tell("Parameters"), whole(parameters)] as [string, string]] : []),
    [tell("Started"), moment(own.started)], [tell("Device"), own.device], ["Pellucid", version],
  ];
  return section(
    tell("What it is"),
    h("dl", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", { title: value }, value)]).flat()),
    h("p", { class: "note" }, tell("The same again:")), h("pre", { tabindex: 0 }, h("code", {}, own.command)),
    ...(own.recipe_file ? [h("details", {}, h("summary", {}, tell("The recipe.json that it reads")), h("pre", {}, own.recipe_file))] : []),
    ...(remarks ?? []).map((remark) => h("p", { class: "note" }, remark)),
  );
}

/** A time as people write it, to the minute. */
function moment(written: string): string {
  const time = new Date(written);
  return Number.isNaN(time.getTime()) ? written : `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function section(title: string, ...children: (HTMLElement | SVGElement | null)[]): HTMLElement {
  return h("section", {}, h("h2", {}, title), ...children);
}
