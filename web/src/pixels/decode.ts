/** Image files, decoded by the browser. What cannot be used is refused in words. */

import { tell } from "../language";
import { opaque, type Bitmap } from "./bitmap";

export const MOST_BYTES = 30 * 2 ** 20;
export const MOST_PIXELS = 24_000_000;
const HEADER_BYTES = 2 ** 18; // where a JPEG tells its size, behind its thumbnail

/** The pixels of a file on a grey ground. Throws an Error that says why there are none. */
export async function decoded(file: Blob, background: number): Promise<Bitmap> {
  if (!file.size) throw new Error(tell("The file is empty."));
  if (file.size > MOST_BYTES)
    throw new Error(tell("A file may have {most} MiB; this one has {size}.", { most: MOST_BYTES >> 20, size: Math.ceil(file.size / 2 ** 20) }));
  const promised = sizeIn(new DataView(await file.slice(0, HEADER_BYTES).arrayBuffer()));
  if (promised) requireModest(...promised);
  const image = await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" }).catch(() => {
    throw new Error(tell("It is not an image that this browser can read."));
  });
  try {
    requireModest(image.width, image.height);
    return pixelsOf(image, background);
  } finally {
    image.close();
  }
}

function requireModest(width: number, height: number): void {
  if (width * height <= MOST_PIXELS) return;
  const millions = MOST_PIXELS / 1e6;
  throw new Error(tell("An image may have {millions} million pixels; this one has {width} × {height}. Make it smaller first.", { millions, width, height }));
}

function pixelsOf(image: ImageBitmap, background: number): Bitmap {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(tell("This browser cannot read the pixels of an image."));
  context.fillStyle = `rgb(${background} ${background} ${background})`;
  context.fillRect(0, 0, image.width, image.height);
  context.drawImage(image, 0, 0);
  return opaque(context.getImageData(0, 0, image.width, image.height));
}

/** Width and height as the header of a PNG, GIF, BMP or JPEG says them, so that no bomb is unpacked; null of others. */
function sizeIn(bytes: DataView): [number, number] | null {
  if (bytes.byteLength < 26) return null;
  const mark = bytes.getUint32(0);
  if (mark === 0x89504e47) return [bytes.getUint32(16), bytes.getUint32(20)];
  if (mark === 0x47494638) return [bytes.getUint16(6, true), bytes.getUint16(8, true)];
  if (mark >>> 16 === 0x424d) return [Math.abs(bytes.getInt32(18, true)), Math.abs(bytes.getInt32(22, true))];
  return mark >>> 16 === 0xffd8 ? sizeInJpeg(bytes) : null;
}

function sizeInJpeg(bytes: DataView): [number, number] | null {
  for (let at = 2; at + 9 < bytes.byteLength && bytes.getUint8(at) === 0xff; at += 2 + bytes.getUint16(at + 2)) {
    const marker = bytes.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [bytes.getUint16(at + 7), bytes.getUint16(at + 5)];
  }
  return null;
}
