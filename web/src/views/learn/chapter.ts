/** One step of the story: a question, and an answer that is shown on the reader's own network and image. */

import { h } from "../../dom";
import type { Answer, Step } from "../../network/network";
import { tensor, type Tensor } from "../../network/tensor";
import type { Store } from "../../store";

export interface Chapter {
  question: string;
  /** Made when the step is shown. */
  make(store: Store): Page;
}

export interface Page {
  element: HTMLElement;
  /** Told of each image that is looked at. */
  update?(answer: Answer, steps: Step[]): void;
}

/** Paragraphs below a figure, whose texts are set as the image changes. */
export function paragraphs(count: number): { elements: HTMLElement[]; set(...texts: string[]): void } {
  const elements = Array.from({ length: count }, () => h("p"));
  return {
    elements,
    set: (...texts) => elements.forEach((element, i) => {
      element.textContent = texts[i] ?? "";
      element.hidden = !texts[i];
    }),
  };
}

/** A picture with a line below it. */
export function captioned(element: Element, caption: string | HTMLElement): HTMLElement {
  return h("figure", {}, element, typeof caption === "string" ? h("figcaption", {}, caption) : caption);
}

/** The image moved by so many rows and columns; what comes in from beyond is like its border. */
export function shifted({ shape, values }: Tensor, down: number, across: number): Tensor {
  const [height, width, channels] = shape;
  const out = tensor(shape);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const y = Math.min(Math.max(row - down, 0), height - 1);
      const x = Math.min(Math.max(column - across, 0), width - 1);
      for (let channel = 0; channel < channels; channel++)
        out.values[(row * width + column) * channels + channel] = values[(y * width + x) * channels + channel];
    }
  return out;
}

/** One map of a tensor by itself. */
export function mapOf({ shape: [height, width, channels], values }: Tensor, channel: number): Tensor {
  return tensor([height, width, 1], values.filter((_, i) => i % channels === channel));
}
