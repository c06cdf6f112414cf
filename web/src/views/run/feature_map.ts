/** All test images by what the network makes of them: those that it sees as alike lie side by side. */

import { h } from "../../dom";
import { lookAt, sheetOf } from "../../images";
import { tell } from "../../language";
import { whole } from "../../numbers";
import { picker, type Picker } from "../../parts/picker";
import { unpack, type MapRecord } from "../../payload";
import type { Store } from "../../store";
import { section, type Part } from "./run";
import { scatter, type Area, type Points } from "./scatter";

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Half the side of the area that Enter selects around a point. */
const AROUND = 0.08;
const MOST_LISTED = 60;
const A_DRAG = 0.01;

export function featureMap(store: Store, record: MapRecord): Part {
  const { classes } = store.payload;
  const { points, predicted, images } = pointsOf(record);
  const plot = scatter(points, classes);
  const [told, listed] = [h("div", { class: "told", "aria-live": "polite" }), h("div", { class: "listed" })];
  const selecting = h("button", { "aria-pressed": "false", onclick: () => {
    const on = selecting.getAttribute("aria-pressed") !== "true";
    selecting.setAttribute("aria-pressed", String(on));
    plot.element.classList.toggle("selecting", on);
  } }, tell("Select an area by touch"));
  let point: number | null = null;
  let area: Area | null = null;
  let from: [number, number] | null = null;
  let list: Picker | null = null;

  function choose(next: number | null): void {
    if (next === point) return;
    point = next;
    plot.show(point, area);
    if (point !== null) told.replaceChildren(...about(point));
  }

  function about(number: number): (Node | string)[] {
    const parts = { index: whole(number), name: classes[points.labels[number]], other: classes[predicted[number]] };
    const text = points.wrong[number] ? tell("Image {index}: {name}, taken for {other}.", parts) : tell("Image {index}: {name}.", parts);
    const image = images.get(number);
    if (image === undefined) return [h("p", {}, text, " ", tell("Its picture is not in this page."))];
    const canvas = h("canvas", { width: 1, height: 1, role: "img", "aria-label": text });
    const sheet = sheetOf(store.payload.images!.sprite);
    void sheet.ready.then(() => sheet.paint(canvas, image)).catch(() => canvas.remove());
    return [canvas, h("p", {}, text, " ", ...(store.network ? [h("a", { href: "#/walk", onclick: () => void lookAt(store, image) }, tell("Walk through the layers with it"))] : []))];
  }

  function select(next: Area): void {
    area = next;
    plot.show(point, area);
    const inside = Array.from({ length: points.count }, (_, i) => i).filter((i) =>
      points.x[i] >= next.left && points.x[i] <= next.right && points.y[i] >= next.top && points.y[i] <= next.bottom);
    const pictures = inside.flatMap((i) => images.get(i) ?? []).slice(0, MOST_LISTED);
    list = pictures.length ? picker(store, pictures, tell("Images of the area")) : null;
    listed.replaceChildren(h("p", {}, summary(inside)), list?.element ?? "");
  }

  function summary(inside: number[]): string {
    const counts = new Map<number, number>();
    for (const i of inside) counts.set(points.labels[i], (counts.get(points.labels[i]) ?? 0) + 1);
    const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, 5).map(([label, count]) => tell("{count} of “{name}”", { count: whole(count), name: classes[label] }));
    const parts = { count: whole(inside.length), most: most.join(", "), wrong: whole(inside.filter((i) => points.wrong[i]).length) };
    return inside.length ? tell("{count} images in the area: {most}. {wrong} of them are answered wrongly.", parts) : tell("No image lies in the area.");
  }

  function dragged(to: [number, number]): Area | null {
    if (!from || Math.hypot(to[0] - from[0], to[1] - from[1]) < A_DRAG) return null;
    return { left: Math.min(from[0], to[0]), right: Math.max(from[0], to[0]), top: Math.min(from[1], to[1]), bottom: Math.max(from[1], to[1]) };
  }

  function keyed(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== "Enter") return;
    event.preventDefault();
    if (arrow) return choose(beside(points, images, point, arrow));
    if (point === null) return;
    const [x, y] = [points.x[point], points.y[point]];
    select({ left: x - AROUND, right: x + AROUND, top: y - AROUND, bottom: y + AROUND });
  }

  const field = plot.element;
  for (const [name, value] of Object.entries({
    role: "application", tabindex: "0",
    "aria-label": tell("Map of {count} images. Arrow keys go from image to image, Enter lists those around one.", { count: whole(points.count) }),
  })) field.setAttribute(name, value);
  field.addEventListener("keydown", keyed);
  field.addEventListener("pointermove", (event) => {
    const at = plot.at(event);
    if (from) plot.show(point, dragged(at) ?? area);
    else choose(plot.near(...at) ?? point);
  });
  field.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" && !field.classList.contains("selecting")) return choose(plot.near(...plot.at(event)));
    from = plot.at(event);
    field.setPointerCapture(event.pointerId);
  });
  field.addEventListener("pointerup", (event) => {
    const found = dragged(plot.at(event));
    from = null;
    if (found) select(found);
    else choose(plot.near(...plot.at(event)));
  });
  field.addEventListener("pointercancel", () => (from = null));

  return {
    element: section(
      tell("All images by what the network makes of them"),
      h("p", { class: "note" }, method(record, store.payload.images ? images.size : 0)), plot.element, selecting, told, listed,
    ),
    update: () => list?.update(),
    end: plot.end,
  };
}

function method(record: MapRecord, pictured: number): string {
  const how = record.method === "t-SNE"
    ? tell("Images that the network sees as alike lie close together (t-SNE; distances between groups mean little).")
    : tell("Each image is placed by the two directions in which the features differ most; what the network sees as alike lies close together.");
  const marks = tell("Crosses are mistakes. Larger dots have their picture in this page: {count}. Point at one, or draw a rectangle to list what is in it.", { count: whole(pictured) });
  return `${how} ${marks}`;
}

interface Read {
  points: Points;
  predicted: Float32Array;
  /** From a point to the number of its image in the page. */
  images: Map<number, number>;
}

function pointsOf(record: MapRecord): Read {
  const places = unpack(record.places);
  const [labels, predicted] = [unpack(record.labels), unpack(record.predicted)];
  const count = labels.length;
  const images = new Map<number, number>();
  record.points.forEach((point, image) => point >= 0 && images.set(point, image));
  const wrong = Array.from(labels, (label, i) => label !== predicted[i]);
  const x = Float32Array.from({ length: count }, (_, i) => places[2 * i] / 65535);
  const y = Float32Array.from({ length: count }, (_, i) => 1 - places[2 * i + 1] / 65535);
  return { points: { count, x, y, labels, wrong, pictured: new Set(images.keys()) }, predicted, images };
}

/** The nearest point in a direction, of those with pictures where there are any. */
function beside({ count, x, y }: Points, images: Map<number, number>, point: number | null, [right, down]: [number, number]): number | null {
  const all = images.size ? [...images.keys()] : Array.from({ length: count }, (_, i) => i);
  if (point === null) return all[0] ?? null;
  let [best, least] = [point, Infinity];
  for (const each of all) {
    const [dx, dy] = [x[each] - x[point], y[each] - y[point]];
    const along = dx * right + dy * down;
    const aside = Math.abs(dx * down) + Math.abs(dy * right);
    if (along <= 0 || aside > along) continue;
    if (along + aside < least) [best, least] = [each, along + aside];
  }
  return best;
}
