/** The images that are in the page, cut out of their sheet, and how one of them comes to be looked at. */

import { tell } from "./language";
import { tensor, type Tensor } from "./network/tensor";
import type { Payload, Sprite } from "./payload";
import type { Store } from "./store";

/** Images side by side, once the browser has read them. */
export class Sheet {
  private readonly sprite: Sprite;
  /** Fails where the browser cannot read the picture. */
  readonly ready: Promise<void>;
  private readonly picture = new Image();

  constructor(sprite: Sprite) {
    this.sprite = sprite;
    this.picture.src = sprite.png;
    this.ready = this.picture.decode();
  }

  /** One image on a canvas, a pixel a pixel. */
  paint(canvas: HTMLCanvasElement, number: number): CanvasRenderingContext2D {
    const { columns, count } = this.sprite;
    canvas.width = this.picture.naturalWidth / columns;
    canvas.height = this.picture.naturalHeight / Math.ceil(count / columns);
    const { width, height } = canvas;
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    const [x, y] = [(number % columns) * width, Math.floor(number / columns) * height];
    context.drawImage(this.picture, x, y, width, height, 0, 0, width, height);
    return context;
  }

  /** One image as the network gets it, values 0 to 1. */
  tensor(number: number, channels: number): Tensor {
    const canvas = document.createElement("canvas");
    const { data } = this.paint(canvas, number).getImageData(0, 0, canvas.width, canvas.height);
    const out = tensor([canvas.height, canvas.width, channels]);
    for (let i = 0; i < out.values.length; i++)
      out.values[i] = data[4 * Math.floor(i / channels) + (i % channels)] / 255;
    return out;
  }
}

const sheets = new WeakMap<Sprite, Sheet>();

/** The sheet of a sprite; each is read once. */
export function sheetOf(sprite: Sprite): Sheet {
  const sheet = sheets.get(sprite) ?? new Sheet(sprite);
  sheets.set(sprite, sheet);
  return sheet;
}

/** Look at one of the images of the page; nothing comes of it where the browser cannot read them. */
export async function lookAt(store: Store, number: number): Promise<void> {
  const { images, network } = store.payload;
  const sheet = images && sheetOf(images.sprite);
  if (!sheet || !(await sheet.ready.then(() => true, () => false))) return;
  const channels = network ? network.input_shape[2] : 1;
  store.show({ kind: "image", number }, sheet.tensor(number, channels));
}

/** Where nothing is looked at, look at an image that is answered right; of none, at the first. */
export function lookAtSomething(store: Store): void {
  const { images } = store.payload;
  if (store.answer || !store.network || !images?.answers.length) return;
  const right = images.answers.findIndex(({ label, predicted }) => label === predicted);
  void lookAt(store, Math.max(right, 0));
}

/** What the line below some of the images to pick from means; null where there is none. */
export function underlined({ images }: Payload): string | null {
  return images?.answers.some(({ label, predicted }) => label !== predicted) ? tell("Underlined ones are answered wrongly.") : null;
}

/** A few images to pick from: one of each of ten classes that is answered right, and the worst mistakes. */
export function someImages({ images }: Payload, mistakes = 4): number[] {
  if (!images) return [];
  const classes = new Map<number, number>();
  const wrong: number[] = [];
  images.answers.forEach(({ label, predicted }, number) => {
    if (label !== predicted) wrong.push(number);
    else if (!classes.has(label) && classes.size < 10) classes.set(label, number);
  });
  const right = [...classes.entries()].sort(([one], [other]) => one - other).map(([, number]) => number);
  return [...right, ...wrong.slice(0, mistakes)];
}
