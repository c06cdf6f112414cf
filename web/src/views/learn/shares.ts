/** What softmax says, and what a temperature changes. */

import { h } from "../../dom";
import { probable, tell } from "../../language";
import { softmaxed } from "../../network/layers";
import { argmax, tensor } from "../../network/tensor";
import { decimal } from "../../numbers";
import { bars } from "../../parts/bars";
import { captioned, paragraphs, type Chapter } from "./chapter";

const SHOWN = 4;
const EXAMPLES = [0.3, 1, 4];

export const shares: Chapter = {
  question: "What does softmax say?",
  make(store) {
    const { record } = store.network!;
    const { classes } = store.payload;
    const text = paragraphs(3);
    let logits: Float32Array | null = null;
    let moved = false;
    const slider = h("input", { type: "range", min: -3, max: 4, step: "any", value: Math.log2(record.temperature), oninput: () => (moved = true, show()), "aria-label": tell("Temperature") });
    const chosen = h("span");
    const holders = [...EXAMPLES, null].map((temperature) => ({ temperature, holder: h("div") }));

    function show(): void {
      if (!logits) return;
      const order = Array.from(logits.keys()).sort((a, b) => logits![b] - logits![a]).slice(0, SHOWN);
      const free = 2 ** Number(slider.value);
      slider.setAttribute("aria-valuetext", decimal(free));
      chosen.textContent = tell(moved ? "your own: {value}" : "this run’s: {value}", { value: decimal(free) });
      for (const { temperature, holder } of holders) holder.replaceChildren(barsAt(temperature ?? free, order));
    }

    function barsAt(temperature: number, order: number[]): HTMLElement {
      const all = softmaxed(tensor([logits!.length], logits!.map((value) => value / temperature))).values;
      const drawn = bars(order.map((i) => classes[i]));
      drawn.update(order.map((i) => all[i]));
      return drawn.element;
    }

    const list = h("div", { class: "temperatures" }, holders.map(({ temperature, holder }) => captioned(holder, temperature === null
      ? h("figcaption", {}, chosen, slider)
      : tell("temperature {value}", { value: String(temperature) }))));
    return {
      element: h("div", {}, list, ...text.elements),
      update(answer) {
        logits = answer.logits;
        show();
        const best = argmax(answer.probabilities);
        text.set(
          tell("It turns sums into shares that add up to 100%: e to the power of each sum, divided by all of these together. Here {name} gets {share}.", { name: classes[best], share: probable(answer.probabilities[best]) }),
          tell("The sums can first be divided by a number, the temperature. A low one makes the network surer, a high one less sure; the order of the classes stays."),
          record.temperature === 1
            ? tell("This run leaves its sums as they are. A share is not yet how often the network is right: many networks are too sure of themselves.")
            : tell("This run uses {temperature}. It was found on held-out images, so that it is right about as often as its shares say.", { temperature: decimal(record.temperature) }),
        );
      },
    };
  },
};
