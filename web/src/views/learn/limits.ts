/** When it should say "I don't know", and where it fails. */

import { h } from "../../dom";
import { percent, probable, tell } from "../../language";
import { argmax, tensor, type Tensor } from "../../network/tensor";
import { whole } from "../../numbers";
import { paint, picture } from "../../parts/picture";
import { picker } from "../../parts/picker";
import type { Store } from "../../store";
import { paragraphs, type Chapter } from "./chapter";

const MISTAKES = 12;

export const limits: Chapter = {
  question: "When should it say “I don't know”?",
  make(store) {
    const cases = [
      { name: tell("your image"), of: (image: Tensor) => image },
      { name: tell("your image, with dark and bright changed over"), of: inverted },
      { name: tell("nothing but noise"), of: noise },
    ].map((each) => ({ ...each, canvas: picture(each.name, null), said: h("b"), caption: h("span") }));
    const text = paragraphs(2);
    const { images } = store.payload;
    const wrong = (images?.answers ?? []).flatMap(({ label, predicted }, number) => (label === predicted ? [] : [number])).slice(0, MISTAKES);
    const mistakes = wrong.length ? picker(store, wrong, tell("Mistakes")) : null;
    text.set(
      store.doubt
        ? tell("When an image is unlike all that it learned from, or lies between two classes. Softmax alone cannot say so: its shares add up to 100% whatever it is shown. So this run learned limits from held-out images, which {keep} of them keep to; beyond them it says “I don't know”.", { keep: percent(store.doubt.record.keep, 0) })
        : tell("When an image is unlike all that it learned from, or lies between two classes. This run cannot: softmax makes shares that add up to 100% whatever it is shown, and limits to doubt them by were not learned."),
      failing(store),
    );
    return {
      element: h(
        "div", {},
        h("div", { class: "row" }, cases.map(({ canvas, said, caption, name }) => h("figure", { class: "case" }, canvas, h("figcaption", {}, name, h("br"), said, " ", caption)))),
        ...text.elements,
        mistakes?.element, mistakes && h("p", { class: "note" }, tell("Mistakes of this network. Pick one, and go back through the steps with it.")),
      ),
      update(answer) {
        mistakes?.update();
        for (const each of cases) {
          const image = each.of(answer.input);
          paint(each.canvas, image);
          const { probabilities, members } = store.network!.answer(image);
          const verdict = store.doubt?.verdict({ ...answer, probabilities, members }) ?? null;
          const best = argmax(probabilities);
          each.said.textContent = verdict?.kind ? tell("I don't know") : tell("“{name}”", { name: store.payload.classes[best] });
          each.caption.textContent = verdict?.kind
            ? tell("(softmax alone: “{name}”, {share})", { name: store.payload.classes[best], share: probable(probabilities[best]) })
            : probable(probabilities[best]);
        }
      },
    };
  },
};

function failing({ payload }: Store): string {
  const { evaluation } = payload;
  if (!evaluation) return "";
  const wrong = Math.round((1 - evaluation.accuracy) * evaluation.count);
  return wrong === 0
    ? tell("Of {count} {split} images all were answered right. That is no proof that it always is.", { count: whole(evaluation.count), split: tell(evaluation.split) })
    : tell("And it fails: of {count} {split} images {wrong} were answered wrongly. On images of another kind, by another hand or from another camera, it is often more.", {
      count: whole(evaluation.count), split: tell(evaluation.split), wrong: whole(wrong),
    });
}

function inverted({ shape, values }: Tensor): Tensor {
  return tensor(shape, values.map((value) => 1 - value));
}

/** The same noise each time. Source: mulberry32. */
function noise({ shape }: Tensor): Tensor {
  const out = tensor(shape);
  let state = 1;
  for (let i = 0; i < out.values.length; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    out.values[i] = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return out;
}
