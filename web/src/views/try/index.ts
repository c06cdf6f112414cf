/** Try the network on files and held-out images, cover parts of them, and see what the answer hangs on. */

import "../using.css";
import "./try.css";
import { h } from "../../dom";
import { obstacleTo } from "../../drawing/obstacle";
import { tell } from "../../language";
import "../../languages/zh/try";
import { bars } from "../../parts/bars";
import { verdict } from "../../parts/verdict";
import { bitmapOf, type Bitmap } from "../../pixels/bitmap";
import type { Store } from "../../store";
import type { View } from "../view";
import { covering } from "./covering";
import { files } from "./files";
import { heldOut } from "./held_out";
import { importance } from "./importance";
import { trialOf, type Trial } from "./trial";

export const attempt: View = {
  id: "try",
  title: "Try",
  has: ({ network }) => network !== null,
  mount(main, store, place, go) {
    const root = h("div", { class: "using" });
    main.append(root);
    const obstacle = obstacleTo(store);
    root.append(h("h1", {}, tell("Try it on images that it has never seen")));
    if (obstacle) {
      root.append(...(obstacle ?? []));
      return () => {};
    }
    const trial = trialOf(store);
    const record = store.payload.images;
    const pickFile = (name: string, image: Bitmap): void => (trial.choose(image, { kind: "file", name }, null), go());
    const pickNumber = (number: number, image: Bitmap): void => {
      trial.choose(image, { kind: "image", number }, record!.answers[number].label);
      go(String(number));
    };
    const own = files(store, pickFile);
    const strip = record?.answers.length ? heldOut(store, record, pickNumber) : null;
    const stage = looked(trial, store, strip?.mark ?? (() => {}));
    root.append(h("div", { class: "choose" }, strip?.element, own.element), stage.element);
    begin(place, trial, store, strip?.pick ?? (() => {}));
    return () => (own.end(), stage.end());
  },
};

/** Begin with the image that the address names; else with what the page looks at; else with the first there is. */
function begin(place: string[], trial: Trial, store: Store, pick: (number: number) => void): void {
  const { subject, answer, payload } = store;
  const named = Number(place[0] ?? NaN);
  if (Number.isInteger(named) && named >= 0 && named < (payload.images?.answers.length ?? 0)) return pick(named);
  if (trial.shown && (subject.kind === "nothing" || answer?.input === trial.shown)) return trial.look();
  if (subject.kind === "drawing" && answer) return trial.choose(bitmapOf(answer.input), subject, null);
  pick(subject.kind === "image" ? subject.number : 0);
}

/** The image, what is covered of it, the answer, and what that hangs on. */
function looked(trial: Trial, store: Store, mark: (number: number | null) => void): { element: HTMLElement; end(): void } {
  const cover = covering(trial, store);
  const told = verdict(store, tell("No image was chosen yet."));
  const likely = bars(store.payload.classes);
  const truth = h("p", { class: "truth" });
  const hangs = importance(trial, store, cover.value);
  const invert = h("input", { type: "checkbox", id: "invert", onchange: () => trial.exchange(invert.checked) });
  const hint = h("p", { class: "note" });
  const exchange = h("div", {}, h("label", { class: "check", for: "invert" }, invert, tell("Exchange dark and bright")), hint);
  const element = h(
    "div", { class: "stage" },
    cover.element, h("div", { class: "answers" }, told.element, truth, likely.element, exchange), hangs.element,
  );
  const update = (): void => {
    const { subject } = trial;
    element.hidden = !trial.image;
    cover.update();
    told.update();
    likely.update(store.answer?.probabilities ?? null, Boolean(store.verdict?.kind));
    truth.textContent = origin(trial, store);
    exchange.hidden = subject.kind !== "file";
    invert.checked = trial.invert;
    hint.textContent = hintTo(trial, store);
    hangs.forget();
    mark(subject.kind === "image" ? subject.number : null);
  };
  const deaf = trial.subscribe(update);
  update();
  return { element, end: () => (deaf(), hangs.end()) };
}

/** Whose image it is, and what it is known to be. */
function origin({ subject, label }: Trial, store: Store): string {
  if (subject.kind === "file") return subject.name;
  if (subject.kind === "drawing") return tell("It is your drawing.");
  return label === null ? "" : tell("It is labelled {name}.", { name: store.payload.classes[label] });
}

/** Advice where the ground of a file is unlike that of the training images. */
function hintTo({ shown, subject }: Trial, store: Store): string {
  if (!shown || subject.kind !== "file") return "";
  const [height, width, channels] = shown.shape;
  let [sum, count] = [0, 0];
  shown.values.forEach((value, i) => {
    const [row, column] = [Math.floor(i / channels / width), Math.floor(i / channels) % width];
    if (row > 0 && column > 0 && row < height - 1 && column < width - 1) return;
    sum += value;
    count++;
  });
  const bright = store.payload.reading.bright_on_dark;
  if (bright && sum / count > 0.6) return tell("Its edge is bright, and what the network was trained on is bright on dark: try exchanging.");
  if (!bright && sum / count < 0.4) return tell("Its edge is dark, and what the network was trained on is dark on bright: try exchanging.");
  return "";
}
