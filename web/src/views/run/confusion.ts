/** Which classes are taken for which: a table of few classes, a list of the pairs of many. */

import "../../parts/table.css";
import { h } from "../../dom";
import { percent, tell } from "../../language";
import { whole } from "../../numbers";
import { section, type Part } from "./run";

/** A table of more classes cannot be read. */
const MOST_CLASSES = 20;
const PAIRS = 15;

interface Pair {
  label: number;
  predicted: number;
  count: number;
}

export function confusion(counts: number[][], classes: string[], split: string): Part {
  const few = classes.length <= MOST_CLASSES;
  const pairs = pairsOf(counts);
  const note = pairs.length
    ? tell("Rows are what an image is, columns what is answered. Most often {label} is taken for {predicted}: {count} of {all}.", {
      label: classes[pairs[0].label], predicted: classes[pairs[0].predicted], count: whole(pairs[0].count), all: whole(total(counts[pairs[0].label])),
    })
    : tell("No {split} image is answered wrongly.", { split: tell(split) });
  return {
    element: section(
      tell("What is taken for what"), few ? table(counts, classes) : null, few || !pairs.length ? null : list(pairs, counts, classes),
      h("p", { class: "note" }, note),
    ),
  };
}

function pairsOf(counts: number[][]): Pair[] {
  return counts
    .flatMap((row, label) => row.map((count, predicted) => ({ label, predicted, count })))
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .sort((one, other) => other.count - one.count);
}

function table(counts: number[][], classes: string[]): HTMLElement {
  const most = Math.max(1, ...counts.flatMap((row, label) => row.filter((_, predicted) => predicted !== label)));
  const head = h("tr", {}, h("td"), classes.map((name) => h("th", { scope: "col" }, named(name))));
  const rows = counts.map((row, label) => h("tr", {}, h("th", { scope: "row" }, named(classes[label])), row.map((count, predicted) => {
    const cell = h("td", { class: label === predicted ? "right" : count ? "wrong" : "none", title: tell("{label} taken for {predicted}: {count}", {
      label: classes[label], predicted: classes[predicted], count: whole(count),
    }) }, count ? String(count) : "·");
    if (label !== predicted && count) cell.style.background = `color-mix(in srgb, var(--orange) ${Math.round(15 + (40 * count) / most)}%, var(--paper))`;
    return cell;
  })));
  return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": tell("What is taken for what") },
    h("table", { class: "confusion" }, h("thead", {}, head), h("tbody", {}, rows)));
}

function list(pairs: Pair[], counts: number[][], classes: string[]): HTMLElement {
  return h("ol", { class: "pairs" }, pairs.slice(0, PAIRS).map(({ label, predicted, count }) => h(
    "li", {}, named(classes[label]), h("span", { class: "arrow" }, "→"), named(classes[predicted]),
    h("span", { class: "count" }, tell("{count} of {all}, {share}", { count: whole(count), all: whole(total(counts[label])), share: percent(count / total(counts[label])) })),
  )));
}

function named(name: string): HTMLElement {
  return h("span", { class: "name", title: name }, name);
}

function total(row: number[]): number {
  return row.reduce((sum, count) => sum + count, 0);
}
