/** What the page is told of a run: the JSON that `pellucid.explore.payload` writes into it. The two change together. */

/** Numbers as they lie in memory, little-endian, in base64. */
export interface Packed {
  shape: number[];
  type: "float32" | "float16" | "int8" | "uint8" | "uint16";
  /** Of int8 alone: a value is its number times this; one a row of the first axis, or one for all. */
  scale?: number[];
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

/** A network that the page can run. Softmax and temperature come after its layers. */
export interface NetworkRecord {
  /** Height, width, channels. */
  input_shape: [number, number, number];
  layers: LayerRecord[];
  /** By the names of the run's file; `members.0.` stands before those of a vote. Kernels as torch has them. */
  weights: Record<string, Packed>;
  vote: number;
  temperature: number;
  /** One for each test-time view beside the image itself: where each pixel comes from, [height, width, 2], x and y. */
  views: Packed[];
  multiply_adds: number;
  /** What was measured when the page was written. */
  parity: { images: number; greatest_difference: number; differing_answers: number } | null;
}

/** What the run's "I don't know" needs. */
export interface DoubtRecord {
  keep: number;
  doubtful_limit: number;
  /** Null where features cannot be had of the network. */
  foreign: null | {
    limit: number;
    /** Where there are more features than `centre` has: state and increment of numpy's PCG64, decimal. */
    signs: { state: string; increment: string } | null;
    centre: Packed;
    deviation: Packed;
    /** Upper triangle, row by row. */
    whitening: Packed;
    means: Packed;
    /** Lower triangles, one a class, row by row; null where all classes have one covariance. */
    factors: Packed | null;
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
}

/** Images side by side in one PNG: as many in a row as `columns` says, each of the network's height and width. */
export interface Sprite {
  png: string;
  columns: number;
  count: number;
}

export interface Answered {
  /** Row in the split. */
  index: number;
  source: string | null;
  label: number;
  predicted: number;
  probability: number;
}

/** Held-out images that are in the page, the same number in the sprite and in `answers`; mistakes are among them. */
export interface ImagesRecord {
  split: string;
  sprite: Sprite;
  answers: Answered[];
}

/** What one filter of a convolution, or one unit of the last layer, is about. */
export interface UnitPictures {
  /** A pictured input for each filter (or class), in its order. */
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
  /** By the name of a convolution, or of the last layer. */
  units: Record<string, UnitPictures>;
  map: MapRecord | null;
  /** What else could not be had when the page was written, and why. */
  remarks: string[];
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
    case "int8": return scaled(new Int8Array(bytes.buffer), packed);
  }
}

function scaled(values: Int8Array, packed: Packed): Float32Array {
  const scale = packed.scale ?? [1];
  const row = values.length / scale.length;
  return Float32Array.from(values, (value, i) => value * scale[Math.floor(i / row)]);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
