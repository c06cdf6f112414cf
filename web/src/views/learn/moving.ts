/** What becomes of the answer of a network without filters when the image moves. */

import { h } from "../../dom";
import { tell } from "../../language";
import { bars } from "../../parts/bars";
import { paint, picture } from "../../parts/picture";
import { captioned, paragraphs, shifted, type Chapter } from "./chapter";

export const moving: Chapter = {
  question: "What if the image moves?",
  make(store) {
    const { classes, network } = store.payload;
    const [height, width] = network!.input_shape;
    const moved: [number, number] = [Math.max(Math.round(height / 9), 1), Math.max(Math.round(width / 9), 1)];
    const cases = [tell("your image"), tell("your image, moved")].map((name, i) => ({
      canvas: picture(name, null), drawn: bars(classes, "probability"), name, by: i ? moved : [0, 0] as [number, number],
    }));
    const text = paragraphs(1);
    text.set(tell("Then every pixel meets another weight, and the answer may be another. Convolutional networks slide small filters over the image, so that a thing is found wherever it lies; this network has none."));
    return {
      element: h("div", {}, cases.map(({ canvas, drawn, name }) => h("div", { class: "pair" }, captioned(canvas, name), h("span", { class: "arrow" }, "→"), drawn.element)), ...text.elements),
      update(answer) {
        for (const { canvas, drawn, by } of cases) {
          const image = shifted(answer.input, ...by);
          paint(canvas, image);
          drawn.update(store.network!.answer(image).probabilities);
        }
      },
    };
  },
};
