/** What the page is told of a run: the JSON that `pellucid.explore.payload` writes into it. The two change together. */

/** Numbers as they lie in memory, little-endian, in base64. */
export interface Packed {
  shape: number[];
  /** Of int4 two numbers stand in a byte, the first in its lower half. */
  type: "float32" | "float16" | "int8" | "int4" | "uint8" | "uint16";
  data: string;
}

export type ActivationName =
  | "linear" | "relu" | "leaky_relu" | "gelu" | "silu" | "tanh" | "sigmoid" | "softmax";
export type Pair = [number, number];

/** One layer of the shape walk, with its settings by the names of the specification. */
export interface LayerRecord {
  kind: string;
  name: string;
  input_shape: number[];
  output_shape: number[];
  parameters: number;
  multiply_adds: number;
  /** Side of the part of the image that one output sees. */
  receptive_field: Pair;
  kernel_size?: Pair;
  pool_size?: Pair;
  strides?: Pair;
  padding?: "valid" | "same";
  /** Rows above and below, columns left and right. */
  margins?: [Pair, Pair];
  filters?: number;
  units?: number;
  use_bias?: boolean;
  activation?: ActivationName;
  rate?: number;
  epsilon?: number;
}

/** A network that the page can run. A last softmax is among its layers, for the walk; an answer takes what goes into it. */
export interface NetworkRecord {
  /** Height, width, channels. */
  input_shape: [number, number, number];
  layers: LayerRecord[];
  /** By the names of the run's file, unrounded; `members.0.` stands before those of a vote. Kernels as torch has them. */
  weights: Record<string, Packed>;
  vote: number;
  temperature: number;
  /**
   * One for each test-time view beside the image itself: where each pixel comes from, [height, width, 2], x and y, from
   * -1 (the outer edge of the first pixel) to 1 (that of the last); bilinear, with 0 beyond the image.
   */
  views: Packed[];
  /** Of one answer: of all members and all views. At most 1,000,000,000. */
  multiply_adds: number;
}

/** What the run's "I don't know" needs. */
export interface DoubtRecord {
  keep: number;
  doubtful_limit: number;
  /** Null where features cannot be had of the network. */
  foreign: null | {
    limit: number;
    /**
     * Where there are more features than `centre` has: state and increment of numpy's PCG64, decimal. Each step makes
     * 64 bits (the state first goes on, then gives); their bytes from the lowest, of each byte the highest bit first.
     * Bit 1 is +1, bit 0 is -1; [features before, features after], row by row; the sums are divided by the square root
     * of the features after.
     */
    signs: { state: string; increment: string } | null;
    centre: Packed;
    deviation: Packed;
    /** Upper triangle, row by row. */
    whitening: Packed;
    means: Packed;
    /** A lower triangle for each class; null where all classes have one covariance. */
    factors: null | {
      /** [classes, features]. */
      diagonal: Packed;
      /** What stands left of the diagonal, class by class, row by row: whole numbers. */
      left: Packed;
      /** What the numbers of a row are to be multiplied by, [classes, features]. */
      scales: Packed;
    };
    /**
     * What the rounding of these numbers changes, as held-out images showed when the page was written: of the score as a
     * share of it, and how many of the images are foreign by one and not by the other. Null without such images.
     */
    rounding: null | { images: number; greatest_difference: number; differing: number };
  };
}

/** How a drawing or a file becomes the tensor that the network gets. */
export interface ReadingRecord {
  /** Digits are cut out, brought to a box of 20 x 20 and centred by mass, in 28 x 28; others are brought to the shape. */
  digits: boolean;
  /** Whether what is drawn is bright on dark, as in MNIST. */
  bright_on_dark: boolean;
  colour: "grey" | "rgb";
  fit: "stretch" | "pad" | "crop";
  /** Grey value, 0 to 255, below what is transparent and beside what is padded. */
  background: number;
  /** The values that stand for black and white in the run's own files, where these are not 0 and 255; see `Hand`. */
  value_range: Pair | null;
}

/** Images side by side in one PNG: as many in a row as `columns` says. */
export interface Sprite {
  /** A data: address. */
  png: string;
  columns: number;
  count: number;
  /** Of each image. */
  height: number;
  width: number;
}

/** What the run itself answers for an image, so that the page can hold its own answer against it. */
export interface Answered {
  /** Row in the split. */
  index: number;
  /** The file or row that it came from, without the place of the data. */
  source: string | null;
  label: number;
  predicted: number;
  probability: number;
}

/**
 * Held-out images that are in the page, without loss, the same number in the sprite and in `answers`: mistakes first, the
 * greatest loss first, then some of each class that are answered right.
 */
export interface ImagesRecord {
  split: string;
  sprite: Sprite;
  answers: Answered[];
}

/** What one filter of a convolution, or one unit of the last layer, is about. */
export interface UnitPictures {
  /**
   * A pictured input for each filter (or class), in its order; plain grey where nothing moves the filter. Of a filter the
   * part of an image that one place in the middle of its map sees. Null where that was not wanted or would take too long.
   */
  maximised: Sprite | null;
  /** Numbers of the images (of `images`) that each filter answers most, the strongest first; of the map's maximum. */
  strongest: number[][];
}

export interface MapRecord {
  /** How places were found: "two components" or "t-SNE". */
  method: string;
  split: string;
  /** [count, 2], 0 to 65535. */
  places: Packed;
  labels: Packed;
  predicted: Packed;
  /** For each image of `images` the number of its point, or -1. */
  points: number[];
}

export interface Payload {
  format: 1;
  version: string;
  language: "en" | "zh";
  run: {
    name: string;
    recipe: string;
    data: string;
    started: string;
    epochs: number;
    train_seconds: number | null;
    counts: Record<string, number>;
    /** What repeats it. */
    command: string;
    /** Content of the recipe.json that the command reads; null where it reads none. */
    recipe_file: string | null;
    device: string;
    optimizer: "adam" | "adamw" | "sgd";
    /** The share of each label that is spread over all classes while the network learns. */
    label_smoothing: number;
  };
  classes: string[];
  /** The walk, whether or not the page can run the network; empty where the network is the user's own code. */
  layers: LayerRecord[];
  network: NetworkRecord | null;
  /** Why there is no network to run; null where there is one. */
  lacking: string | null;
  doubt: DoubtRecord | null;
  reading: ReadingRecord;
  evaluation: null | {
    split: string;
    count: number;
    accuracy: number;
    interval: Pair;
    confusion: number[][];
    per_class: { precision: number | null; recall: number | null; count: number }[];
  };
  history: { epoch: number; loss: number; accuracy: number; val_loss: number | null; val_accuracy: number | null }[];
  images: ImagesRecord | null;
  /** By the name of a convolution (of a vote `members.0.conv2d_1`), and of the last layer with weights (`dense_1`). */
  units: Record<string, UnitPictures>;
  map: MapRecord | null;
  /** What else could not be had when the page was written, and why. */
  remarks: string[];
}

/**
 * Drawings as a file that `pellucid evaluate RUN hand.npz` and `pellucid train hand.npz` read: a zip archive, stored or
 * deflated, of two .npy files of format 1.0 or later. Further .npy files in it are left alone; no pickled objects.
 *
 * - `images.npy`: `|u1`, [count, height, width, channels], C order: what the network got, 0 to 255. Where
 *   `reading.value_range` is [low, high], `<f4` instead: low + (high - low) * value / 255, as the run's own files have it.
 * - `labels.npy`: the class of each image by name, `<U` and the length of the longest in code points (each four bytes,
 *   little-endian, filled up with zeros), [count]. Whole numbers (`<i8`) are read too, as classes that are called 0, 1, …
 *
 * To be evaluated a file needs one drawing; each class must be the run's. To be trained on it needs two classes, and of
 * each a few drawings, since some are held out.
 */
export interface Hand {
  images: Uint8Array | Float32Array;
  labels: string[];
}

/** The payload that stands in this page. */
export function readPayload(): Payload {
  const text = document.getElementById("payload")?.textContent;
  if (!text) throw new Error("This page holds no run.");
  const payload = JSON.parse(text) as Payload;
  if (payload.format !== 1) throw new Error(`This page can read format 1; the run in it has ${payload.format}.`);
  return payload;
}

/** The numbers themselves. */
export function unpack(packed: Packed): Float32Array {
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  switch (packed.type) {
    case "float32": return new Float32Array(bytes.buffer);
    case "uint8": return Float32Array.from(bytes);
    case "uint16": return Float32Array.from(new Uint16Array(bytes.buffer));
    case "float16": return Float32Array.from(new Uint16Array(bytes.buffer), fromHalf);
    case "int8": return Float32Array.from(new Int8Array(bytes.buffer));
    case "int4": {
      const count = packed.shape.reduce((all, side) => all * side, 1);
      return Float32Array.from({ length: count }, (_, i) => (bytes[i >> 1] << (i % 2 ? 24 : 28)) >> 28);
    }
  }
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
