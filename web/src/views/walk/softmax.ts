/** Softmax in numbers: from sums to shares. */

import "../../parts/table.css";
import { h } from "../../dom";
import { percent, tell } from "../../language";
import type { Step } from "../../network/network";
import { softmaxed } from "../../network/layers";
import { tensor } from "../../network/tensor";
import { decimal, whole } from "../../numbers";
import type { Store } from "../../store";
import type { Scene, Setting } from "./scene";
import { added } from "../../network/sums";

const MOST_ROWS = 10;

export interface SoftmaxTable {
  element: HTMLElement;
  update(sums: Float32Array): void;
}

/** The classes with the greatest shares, and the one that is looked at. */
export function softmaxTable({ payload, network }: Store, unit: number | null): SoftmaxTable {
  const body = h("tbody");
  const total = h("p", { class: "which" });
  const names = [tell("Class"), tell("Sum"), tell("e to the power of it"), tell("Share")];
  const after = network!.record;
  const note = after.temperature !== 1 || after.vote > 1 || after.views.length
    ? h("p", { class: "which" }, remark(after.temperature, after.vote, after.views.length))
    : null;
  const element = h(
    "section", { class: "softmax" }, h("h3", {}, tell("Softmax: from sums to shares")),
    h("table", { class: "plain" }, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))), body),
    total, note,
  );

  function update(sums: Float32Array): void {
    const greatest = Math.max(...sums);
    const far = greatest > 30 ? greatest : 0; // so that the powers can be written
    const powers = Array.from(sums, (value) => Math.exp(value - far));
    const shares = softmaxed(tensor([sums.length], sums)).values;
    const order = Array.from(sums.keys()).sort((a, b) => sums[b] - sums[a]);
    const shown = order.slice(0, MOST_ROWS);
    if (unit !== null && !shown.includes(unit)) shown[shown.length - 1] = unit;
    body.replaceChildren(...shown.map((i) => h(
      "tr", { class: i === unit ? "here" : undefined },
      h("th", { scope: "row" }, h("span", { class: "name", title: payload.classes[i] }, payload.classes[i])),
      h("td", {}, decimal(sums[i])), h("td", {}, decimal(powers[i], 3)), h("td", {}, percent(shares[i])),
    )));
    total.textContent = [
      tell("All {count} powers add up to {total}; each is divided by that.", { count: whole(sums.length), total: decimal(added(powers), 3) }),
      far ? tell("Before, {greatest} was taken from each sum, which changes no share.", { greatest: decimal(far) }) : "",
    ].join(" ");
  }

  return { element, update };
}

/** What is still done between these shares and the answer of the run. */
function remark(temperature: number, vote: number, views: number): string {
  const parts = [
    vote > 1 && tell("the mean over the {count} networks of the vote is taken", { count: vote }),
    views > 0 && tell("the mean over {count} moved copies of the image is taken as well", { count: views }),
    temperature !== 1 && tell("the sums are divided by {temperature}, the run's temperature, learned on held-out images", { temperature: decimal(temperature, 3) }),
  ].filter(Boolean);
  return tell("For the answer of the whole run: {parts}.", { parts: parts.join("; ") });
}

/** Softmax as a layer of its own. */
export function softmaxScene(setting: Setting): Scene {
  const table = softmaxTable(setting.store, setting.unit);
  return { element: table.element, update: (step: Step) => table.update(step.input.values) };
}
