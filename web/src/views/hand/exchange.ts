/** Drawings as a file that NumPy, `pellucid evaluate` and `pellucid train` read: `hand.npz` with images and labels. */

import { float32Array, int64Array, readArray, textArray, uint8Array, type Numbers, type Texts } from "../../files/npy";
import { unzipped, zipped } from "../../files/zip";
import { tell } from "../../language";
import type { Pair } from "../../payload";
import { bitmap } from "../../pixels/bitmap";
import { drawing, type Drawing } from "./collection";

const VERSION = 1;
const MOST_BYTES = 256 * 2 ** 20;
const [IMAGES, LABELS, VERSIONED] = ["images.npy", "labels.npy", "format.npy"];

/** Where the run's own files have other values for black and white than 0 and 255, so has this one: floats. */
export function exported(drawings: Drawing[], shape: number[], range: Pair | null): Blob {
  const length = shape.reduce((product, side) => product * side, 1);
  const pixels = new Uint8Array(drawings.length * length);
  drawings.forEach(({ image }, i) => pixels.set(image.values, i * length));
  const names = drawings.map(({ label }) => label);
  const all = [drawings.length, ...shape];
  const numbers = names.every((name) => /^(0|[1-9]\d{0,8})$/.test(name));
  return zipped({
    [IMAGES]: range ? float32Array(all, Float32Array.from(pixels, (value) => range[0] + ((range[1] - range[0]) * value) / 255)) : uint8Array(all, pixels),
    [LABELS]: numbers ? int64Array(names.map(Number)) : textArray(names),
    [VERSIONED]: int64Array([VERSION]),
  });
}

/** The drawings of a file. Throws an Error that says why there are none; then nothing has changed. */
export async function imported(file: Blob, shape: number[], range: Pair | null, classes: string[]): Promise<Drawing[]> {
  if (file.size > MOST_BYTES) throw new Error(tell("The file is larger than {most} MiB.", { most: MOST_BYTES >> 20 }));
  let images: Numbers | Texts, labels: Numbers | Texts, version: number | undefined;
  try {
    const files = await unzipped(new Uint8Array(await file.arrayBuffer()));
    if (!files[IMAGES] || !files[LABELS]) throw new Error("it has no arrays images and labels");
    [images, labels] = [readArray(files[IMAGES]), readArray(files[LABELS])];
    const own = files[VERSIONED] && readArray(files[VERSIONED]);
    version = own && "values" in own ? own.values[0] : undefined;
  } catch (error) {
    throw new Error(tell("The file cannot be read: {why}.", { why: reason(error) }));
  }
  if (version !== undefined && version !== VERSION)
    throw new Error(tell("The file is of version {version} of such files; this page reads version {own}.", { version, own: VERSION }));
  return drawingsOf(images, labels, shape, range, classes);
}

function reason(error: unknown): string {
  return error instanceof RangeError || !(error instanceof Error) ? "it is damaged" : error.message;
}

function drawingsOf(
  images: Numbers | Texts, labels: Numbers | Texts, shape: number[], range: Pair | null, classes: string[],
): Drawing[] {
  const [height, width, channels] = shape;
  const [count, ...sides] = images.shape;
  if (sides.length === 2) sides.push(1);
  if (!("values" in images) || images.bytes === Boolean(range) || sides.join() !== shape.join())
    throw new Error(tell("Images must be {shape} {kind}, as an export of this page has them; the file has {received}.", { shape: shape.join(" × "), kind: range ? "float32" : "uint8", received: `${sides.join(" × ")} ${kindOf(images)}` }));
  const names = "texts" in labels ? labels.texts : [...labels.values].map(String);
  if (names.length !== count) throw new Error(tell("The file has {images} images and {labels} labels.", { images: count, labels: names.length }));
  const strange = names.find((name) => !classes.includes(name));
  if (strange !== undefined) throw new Error(tell("The label {name} is none of the network’s classes.", { name: `“${strange.slice(0, 40)}”` }));
  const length = height * width * channels;
  const pixels = range
    ? Uint8Array.from(Uint8ClampedArray.from(images.values, (value) => ((value - range[0]) * 255) / (range[1] - range[0])))
    : Uint8Array.from(images.values);
  return names.map((name, i) => drawing(name, bitmap(width, height, channels, pixels.slice(i * length, (i + 1) * length))));
}

function kindOf(images: Numbers | Texts): string {
  if (!("values" in images)) return tell("texts");
  return images.bytes ? "uint8" : tell("other numbers");
}

/** Those that are not there already, by label and pixels. */
export function fresh(drawings: Drawing[], there: Drawing[]): Drawing[] {
  const known = new Set(there.map(content));
  return drawings.filter((each) => !known.has(content(each)) && known.add(content(each)));
}

function content({ label, image }: Drawing): string {
  return `${label}\n${image.values.join()}`;
}
