/** The maps of a layer as small pictures side by side: painted when they are seen, the first ones at once, more on demand. */

import "./maps.css";
import { h } from "../dom";
import { tell } from "../language";
import "../languages/zh/layers";
import { argmax, type Tensor } from "../network/tensor";
import { whole } from "../numbers";
import { extent, paint, type Look } from "./picture";
import { roving, stopAt } from "./roving";

const FIRST = 32;

export interface Place {
  channel: number;
  row: number;
  column: number;
}

export interface Maps {
  element: HTMLElement;
  update(tensor: Tensor): void;
  choose(channel: number): void;
  end(): void;
}

export interface MapsOptions {
  /** What is read out of a map. */
  label(channel: number): string;
  /** Where a map leads; without it a map is a button. */
  href?(channel: number): string;
  open?(channel: number): void;
  /** A place that is pointed at, or the strongest of a map that has the focus; null when none is. */
  pointed?(place: Place | null): void;
}

export function maps([height, width, channels]: number[], options: MapsOptions): Maps {
  const list = h("ul", { class: "maps" });
  const more = h("button", { class: "more", onclick: () => grow(channels) }, tell("Show all {count}", { count: whole(channels) }));
  const element = h("div", { class: "layer-maps" }, list, more);
  const tiles: Tile[] = [];
  let [shown, seen, waiting]: [Tensor | null, boolean, boolean] = [null, false, false];
  let chosen = -1;
  roving(list);

  function grow(count: number): void {
    for (let channel = tiles.length; channel < count; channel++) tiles.push(tile(channel, options, height, width, () => shown));
    list.replaceChildren(...tiles.map((each) => each.item));
    more.hidden = tiles.length >= channels;
    choose(chosen);
    ask();
  }

  function choose(channel: number): void {
    if (channel >= tiles.length) grow(channels);
    chosen = channel;
    tiles.forEach(({ control }, i) => control.setAttribute(options.href ? "aria-current" : "aria-pressed", String(i === channel)));
    stopAt(tiles.map(({ control }) => control), tiles[channel]?.control);
  }

  function ask(): void {
    if (!seen || waiting || !shown) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (shown) for (const [channel, { canvas }] of tiles.entries()) paint(canvas, shown, { ...lookOf(shown), channel });
    });
  }

  const watch = new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    ask();
  }, { rootMargin: "200px" });
  watch.observe(list);
  grow(Math.min(FIRST, channels));
  return {
    element,
    update(next) {
      shown = next;
      ask();
    },
    choose,
    end: () => watch.disconnect(),
  };
}

/** Greys from 0 to the greatest value of all maps, or blue to orange where there are values of both signs. */
export function lookOf(values: Tensor): Look {
  const [low, high] = extent(values);
  return low < 0 ? { scale: "signed", range: [low, high] } : { range: [0, high || 1] };
}

interface Tile {
  item: HTMLElement;
  control: HTMLElement;
  canvas: HTMLCanvasElement;
}

function tile(channel: number, options: MapsOptions, height: number, width: number, shown: () => Tensor | null): Tile {
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  const label = options.label(channel);
  const control = options.href
    ? h("a", { href: options.href(channel), "aria-label": label, title: label }, canvas)
    : h("button", { "aria-label": label, title: label, onclick: () => options.open?.(channel) }, canvas);
  canvas.style.aspectRatio = `${width} / ${height}`;
  const { pointed } = options;
  if (pointed) {
    canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => pointed({
      channel,
      row: Math.min(Math.max(Math.floor((offsetY / canvas.clientHeight) * height), 0), height - 1),
      column: Math.min(Math.max(Math.floor((offsetX / canvas.clientWidth) * width), 0), width - 1),
    }));
    canvas.addEventListener("pointerleave", () => pointed(null));
    control.addEventListener("focus", () => {
      const tensor = shown();
      if (tensor) pointed(strongest(tensor, channel));
    });
    control.addEventListener("blur", () => pointed(null));
  }
  return { item: h("li", {}, control), control, canvas };
}

/** Where a map has its greatest value. */
export function strongest({ shape: [, width, channels], values }: Tensor, channel: number): Place {
  const place = argmax(values.filter((_, i) => i % channels === channel));
  return { channel, row: Math.floor(place / width), column: place % width };
}
