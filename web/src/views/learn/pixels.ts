/** What the network gets: numbers. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Tensor } from "../../network/tensor";
import { times, whole } from "../../numbers";
import { board } from "../../parts/board";
import { grid } from "../../parts/grid";
import { captioned, paragraphs, type Chapter } from "./chapter";

const SIDE = 6;

export const pixels: Chapter = {
  question: "What does the network get?",
  make(store) {
    const shape = store.network!.record.input_shape;
    const [height, width, channels] = shape;
    const [tall, wide] = [Math.min(SIDE, height), Math.min(SIDE, width)];
    let at: [number, number] | null = null;
    let image: Tensor | null = null;
    const to = (row: number, column: number): void => {
      at = [Math.min(Math.max(row, 0), height - tall), Math.min(Math.max(column, 0), width - wide)];
      show();
    };
    const outlined = board(tell("The image, with a piece of it outlined"), shape, {
      to: (row, column) => to(row - Math.floor(tall / 2), column - Math.floor(wide / 2)),
      by: (down, across) => to(at![0] + down, at![1] + across),
    });
    const numbers = grid(tell("The piece as numbers"), tall, wide);
    const text = paragraphs(2);

    function show(): void {
      if (!image) return;
      const [top, left] = (at ??= busiest(image, tall, wide));
      const values = Array.from({ length: tall * wide }, (_, i) =>
        image!.values[((top + Math.floor(i / wide)) * width + left + (i % wide)) * channels]);
      outlined.paint(image);
      outlined.mark({ top, left, bottom: top + tall, right: left + wide }, tell("Row {row}, column {column}", { row: top + 1, column: left + 1 }));
      numbers.show({ values, signed: false, most: 1 });
    }

    text.set(
      channels === 1
        ? tell("Numbers, and nothing else. Your image is {size} = {count} of them, one for each pixel: 0 is black, 1 is white. The piece that is outlined is written out here.", { size: times([height, width]), count: whole(height * width) })
        : tell("Numbers, and nothing else. Your image is {size} = {count} of them, {channels} for each pixel: how much there is of red, of green and of blue. The red of the piece that is outlined is written out here.", { size: times(shape), count: whole(height * width * channels), channels }),
      tell("Nobody tells the network what a line is, or a curve. It has to find out by itself what in these numbers matters."),
    );
    return {
      element: h("div", {}, h("div", { class: "row" }, captioned(outlined.element, tell("what you see")), captioned(numbers.element, tell("what the network gets"))), ...text.elements),
      update(answer) {
        if (image !== answer.input) at = null;
        image = answer.input;
        show();
      },
    };
  },
};

/** The window whose values differ most. */
function busiest({ shape: [height, width, channels], values }: Tensor, tall: number, wide: number): [number, number] {
  let best: [number, number] = [0, 0];
  let most = -1;
  for (let top = 0; top + tall <= height; top++)
    for (let left = 0; left + wide <= width; left++) {
      let [sum, squares] = [0, 0];
      for (let row = 0; row < tall; row++)
        for (let column = 0; column < wide; column++) {
          const value = values[((top + row) * width + left + column) * channels];
          sum += value;
          squares += value * value;
        }
      const spread = squares - (sum * sum) / (tall * wide);
      if (spread > most) [most, best] = [spread, [top, left]];
    }
  return best;
}
