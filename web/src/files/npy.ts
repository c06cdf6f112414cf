/** NumPy's arrays as bytes: numbers and texts. Source: numpy.lib.format, version 1.0. */

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const ALIGNED = 64;

export interface Numbers {
  shape: number[];
  values: number[] | Uint8Array;
  /** Whether they are bytes. */
  bytes: boolean;
}

export interface Texts {
  shape: number[];
  texts: string[];
}

export function uint8Array(shape: number[], values: Uint8Array): Uint8Array<ArrayBuffer> {
  return written("|u1", shape, values);
}

export function float32Array(shape: number[], values: Float32Array): Uint8Array<ArrayBuffer> {
  return written("<f4", shape, new Uint8Array(values.buffer));
}

export function int64Array(values: number[]): Uint8Array<ArrayBuffer> {
  return written("<i8", [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/** Texts as UTF-32, all as long as the longest. */
export function textArray(texts: string[]): Uint8Array<ArrayBuffer> {
  const points = texts.map((text) => Array.from(text, (each) => each.codePointAt(0)!));
  const width = Math.max(1, ...points.map(({ length }) => length));
  const units = new Uint32Array(texts.length * width);
  points.forEach((own, i) => units.set(own, i * width));
  return written(`<U${width}`, [texts.length], new Uint8Array(units.buffer));
}

function written(kind: string, shape: number[], content: Uint8Array): Uint8Array<ArrayBuffer> {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${sides}), }`;
  const padding = ALIGNED - ((MAGIC.length + 4 + text.length + 1) % ALIGNED);
  const header = new TextEncoder().encode(`${text}${" ".repeat(padding)}\n`);
  const out = new Uint8Array(MAGIC.length + 4 + header.length + content.length);
  out.set([...MAGIC, 1, 0, header.length & 0xff, header.length >> 8]);
  out.set(header, MAGIC.length + 4);
  out.set(content, MAGIC.length + 4 + header.length);
  return out;
}

/** Read an array. Throws an Error where it is damaged, or of another kind. */
export function readArray(bytes: Uint8Array<ArrayBuffer>): Numbers | Texts {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw new Error("it is no array of NumPy");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [length, start] = bytes[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const kind = /'descr': *'([<|])([uifU])(\d+)'/.exec(header);
  const sides = /'shape': *\(([\d, ]*)\)/.exec(header);
  if (!kind || !sides || !/'fortran_order': *False/.test(header)) throw new Error("only numbers and texts, row by row, can be read");
  const shape = sides[1].split(",").filter((side) => side.trim()).map(Number);
  const count = shape.reduce((product, side) => product * side, 1);
  const content = bytes.slice(start + length);
  const [letter, width] = [kind[2], Number(kind[3])];
  if (content.length !== count * width * (letter === "U" ? 4 : 1)) throw new Error("its length is not what its header says");
  return letter === "U" ? { shape, texts: textsIn(content, count, width) } : { shape, values: numbersIn(content, count, letter, width), bytes: letter === "u" && width === 1 };
}

function textsIn(content: Uint8Array<ArrayBuffer>, count: number, width: number): string[] {
  const units = new Uint32Array(content.buffer);
  return Array.from({ length: count }, (_, i) =>
    Array.from(units.subarray(i * width, (i + 1) * width), (point) => (point && point <= 0x10ffff ? String.fromCodePoint(point) : "")).join(""));
}

function numbersIn(content: Uint8Array<ArrayBuffer>, count: number, letter: string, width: number): number[] | Uint8Array {
  if (letter === "u" && width === 1) return content;
  const view = new DataView(content.buffer);
  const read: Record<string, (at: number) => number> = {
    i1: (at) => view.getInt8(at), u2: (at) => view.getUint16(at, true), i2: (at) => view.getInt16(at, true),
    u4: (at) => view.getUint32(at, true), i4: (at) => view.getInt32(at, true),
    f4: (at) => view.getFloat32(at, true), f8: (at) => view.getFloat64(at, true),
    u8: (at) => Number(view.getBigUint64(at, true)), i8: (at) => Number(view.getBigInt64(at, true)),
  };
  const own = read[`${letter}${width}`];
  if (!own) throw new Error(`numbers of ${width} bytes cannot be read`);
  return Array.from({ length: count }, (_, i) => own(i * width));
}
