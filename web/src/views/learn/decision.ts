/** How maps become a decision. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Step } from "../../network/network";
import { weightsOf } from "../../network/network";
import { argmax, tensor } from "../../network/tensor";
import { decimal, whole } from "../../numbers";
import { board } from "../../parts/board";
import { columns } from "../../parts/columns";
import { lookOf } from "../../parts/maps";
import { evidenceOf, origin } from "../../parts/origin";
import { extent } from "../../parts/picture";
import type { LayerRecord } from "../../payload";
import type { Store } from "../../store";
import { captioned, paragraphs, type Chapter, type Page } from "./chapter";

export function decision(layers: LayerRecord[]): Chapter {
  const last = layers.map(({ kind }) => kind === "dense" || kind === "conv2d").lastIndexOf(true);
  return {
    question: "How do maps become a decision?",
    make: (store) => (layers[last]?.kind === "dense" ? byWeights(store, last) : byMaps(store)),
  };
}

interface Case {
  element: HTMLElement;
  show(values: Float32Array, unit: number, sum: number): void;
}

/** Sums of weighted evidence, one a class. */
function byWeights(store: Store, index: number): Page {
  const { record } = store.network!;
  const layer = record.layers[index];
  const from = origin(record.layers.slice(0, index + 1));
  const weights = weightsOf(record, layer, 0)("weight");
  const cases = [0, 1].map(() => oneCase());
  const text = paragraphs(2);

  function oneCase(): Case {
    const caption = h("figcaption");
    const place = from.place ? board(tell("Where the evidence lies"), from.place) : null;
    const each = place ? null : columns(tell("What each input adds to the sum"), layer.input_shape[0]);
    return {
      element: captioned((place ?? each)!.element, caption),
      show(values, unit, sum) {
        const products = Float32Array.from(values, (value, i) => value * weights[unit * values.length + i]);
        if (place) {
          const evidence = tensor([...from.place!, 1], evidenceOf(products, from));
          place.paint(evidence, { scale: "signed", range: extent(evidence) });
        }
        each?.show(products, argmax(products), from.name(argmax(products)));
        caption.textContent = tell("{name}: sum {sum}", { name: store.payload.classes[unit] ?? String(unit), sum: decimal(sum) });
      },
    };
  }

  return {
    element: h("div", {}, h("div", { class: from.place ? "row" : "stack" }, cases.map(({ element }) => element)), ...text.elements),
    update(_, steps) {
      const { input, linear } = steps[index];
      const order = Array.from(linear.values.keys()).sort((a, b) => linear.values[b] - linear.values[a]);
      cases.forEach((each, i) => each.show(input.values, order[Math.min(i, order.length - 1)], linear.values[order[Math.min(i, order.length - 1)]]));
      const parts = { classes: whole(layer.units!), inputs: whole(layer.input_shape[0]) };
      text.set(
        from.place
          ? tell("By weighing evidence. All maps are put in one row of {inputs} values (that is called flattening). For each of {classes} classes, the answers that it can give, every value has a weight of its own, and the products are added. Orange places speak for the class, blue ones against it.", parts)
          : tell("By weighing evidence. What is left are {inputs} values. For each of {classes} classes, the answers that it can give, every value has a weight of its own, and the products are added. Each bar is one value times its weight: orange ones speak for the class, blue ones against it.", parts),
        tell("You see the two classes with the greatest sums. The greatest one is the answer."),
      );
    },
  };
}

/** Networks whose last maps are the classes themselves. */
function byMaps(store: Store): Page {
  const { layers } = store.network!.record;
  const index = layers.map(({ output_shape }) => output_shape.length === 3).lastIndexOf(true);
  const shape = index < 0 ? layers[0].input_shape : layers[index].output_shape;
  const pictures = [0, 1].map(() => ({ map: board(tell("The map of a class"), shape), caption: h("figcaption") }));
  const text = paragraphs(1);
  text.set(tell("Here each class has a map of its own: where it is strong, something speaks for the class. One number is made of each map, and the greatest is the answer. You see the maps of the two classes with the greatest numbers."));
  return {
    element: h("div", {}, h("div", { class: "row" }, pictures.map(({ map, caption }) => captioned(map.element, caption))), ...text.elements),
    update(answer, steps: Step[]) {
      if (index < 0) return;
      const { output } = steps[index];
      const order = Array.from(answer.logits.keys()).sort((a, b) => answer.logits[b] - answer.logits[a]);
      pictures.forEach(({ map, caption }, i) => {
        const channel = order[i] ?? 0;
        map.paint(output, { ...lookOf(output), channel: Math.min(channel, shape[2] - 1) });
        caption.textContent = tell("{name}: sum {sum}", { name: store.payload.classes[channel], sum: decimal(answer.logits[channel]) });
      });
    },
  };
}
