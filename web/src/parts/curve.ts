/** An activation as a curve, with the value that it is given and the one that it gives. */

import "./curve.css";
import { s } from "../dom";
import { tell } from "../language";
import { activated } from "../network/layers";
import { tensor } from "../network/tensor";
import { decimal } from "../numbers";
import { ACTIVATIONS } from "./layer_words";
import type { ActivationName } from "../payload";

const SIDE = 120;

export interface Curve {
  element: SVGSVGElement;
  show(given: number, made: number): void;
}

export function curve(name: ActivationName): Curve {
  const path = s("path", { class: "line" });
  const dot = s("circle", { r: 4 });
  const drop = s("path", { class: "drop" });
  const axes = s("path", { class: "axes", d: `M0 ${SIDE / 2}H${SIDE}M${SIDE / 2} 0V${SIDE}` });
  const element = s("svg", { class: "curve", viewBox: `-6 -6 ${SIDE + 12} ${SIDE + 12}`, role: "img" }, axes, path, drop, dot);

  function show(given: number, made: number): void {
    const reach = Math.max(2, 1.25 * Math.abs(given), 1.25 * Math.abs(made));
    const place = (value: number): number => (SIDE * (1 + value / reach)) / 2;
    const inputs = Float32Array.from({ length: 81 }, (_, i) => reach * (i / 40 - 1));
    const outputs = activated(name, tensor([81], inputs)).values;
    const points = Array.from(inputs, (x, i) => `${place(x).toFixed(1)} ${(SIDE - place(outputs[i])).toFixed(1)}`);
    path.setAttribute("d", `M${points.join("L")}`);
    drop.setAttribute("d", `M${place(given)} ${SIDE / 2}V${SIDE - place(made)}H${SIDE / 2}`);
    dot.setAttribute("cx", String(place(given)));
    dot.setAttribute("cy", String(SIDE - place(made)));
    element.setAttribute("aria-label", tell("{name}: {given} becomes {made}", {
      name: ACTIVATIONS[name], given: decimal(given, 3), made: decimal(made, 3),
    }));
  }

  return { element, show };
}
