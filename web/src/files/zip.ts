/** Zip archives, written without compression and read with or without. Source: PKWARE, APPNOTE.TXT 6.3. */

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const MOST_COMMENT = 65535;
const FIRST_OF_1980 = 33; // the least date that the format knows; equal contents give equal files
const MOST_BYTES = 256 * 2 ** 20;

export type Files = Record<string, Uint8Array<ArrayBuffer>>;

/** One file of several, in their order. */
export function zipped(files: Files): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const central: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const called = new TextEncoder().encode(name);
    const facts = [20, 0, 0, 0, FIRST_OF_1980, [crc32(content)], [content.length], [content.length], called.length, 0];
    parts.push(record([LOCAL], ...facts), called, content);
    central.push(record([CENTRAL], 20, ...facts, 0, 0, 0, [0], [at]), called);
    at += LOCAL_BYTES + called.length + content.length;
  }
  const length = central.reduce((sum, part) => sum + part.length, 0);
  const count = Object.keys(files).length;
  return new Blob([...parts, ...central, record([END], 0, 0, count, count, [length], [at], 0)], { type: "application/zip" });
}

/** Numbers one behind another, little-endian: of two bytes, and in brackets of four. */
function record(...numbers: (number | number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(numbers.reduce((sum: number, each) => sum + (typeof each === "number" ? 2 : 4), 0)));
  let at = 0;
  for (const each of numbers) {
    if (typeof each === "number") bytes.setUint16(at, each, true);
    else bytes.setUint32(at, each[0], true);
    at += typeof each === "number" ? 2 : 4;
  }
  return new Uint8Array(bytes.buffer);
}

/** The files of an archive by name. Throws an Error where it is damaged, or asks for too much memory. */
export async function unzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Files> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view);
  const files: Files = {};
  let total = 0;
  for (let at = view.getUint32(end + 16, true), left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== CENTRAL) throw new Error("its list of files is damaged");
    const [method, crc, packed, size] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const length = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + length));
    if ((total += size) > MOST_BYTES) throw new Error("it would take too much memory");
    const local = view.getUint32(at + 42, true);
    if (view.getUint32(local, true) !== LOCAL) throw new Error(`where ${name} should begin there is something else`);
    const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const content = await unpacked(bytes.slice(start, start + packed), method, size);
    if (content.length !== size || crc32(content) !== crc) throw new Error(`${name} is damaged`);
    files[name] = content;
    at += CENTRAL_BYTES + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

function endOf(view: DataView): number {
  for (let at = view.byteLength - END_BYTES; at >= Math.max(0, view.byteLength - END_BYTES - MOST_COMMENT); at--)
    if (view.getUint32(at, true) === END) return at;
  throw new Error("it is no zip archive, or its end is missing");
}

async function unpacked(content: Uint8Array<ArrayBuffer>, method: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
  if (method === 0) return content;
  if (method !== 8) throw new Error(`it is compressed by method ${method}, and only stored and deflated files are read`);
  const reader = new Blob([content]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const out = new Uint8Array(size);
  for (let at = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return out.subarray(0, at) as Uint8Array<ArrayBuffer>;
    if (at + value.length > size) throw new Error("it holds more than it says");
    out.set(value, at);
    at += value.length;
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
