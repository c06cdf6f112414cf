/** Drawings of which it is said what was meant. They stay in this browser, where it lets them. */

import { bitmap, type Bitmap } from "../../pixels/bitmap";
import type { Store } from "../../store";

export interface Drawing {
  id: string;
  /** Name of the class that was meant. */
  label: string;
  image: Bitmap;
}

/** Why drawings are lost with the page: storage is forbidden, full, or holds what this page cannot read. */
export type Trouble = "forbidden" | "full" | "foreign";

const FORMAT = 1;

export class Collection {
  drawings: Drawing[] = [];
  trouble: Trouble | null = null;
  private readonly key: string;
  private readonly shape: number[];
  private readonly classes: Set<string>;
  private readonly listeners = new Set<() => void>();

  constructor(shape: number[], classes: string[]) {
    this.shape = shape;
    this.classes = new Set(classes);
    this.key = `pellucid.hand/${shape.join("x")}/${hashed(JSON.stringify(classes))}`;
    this.load();
    addEventListener("storage", ({ key }) => {
      if (key === this.key && !this.trouble) this.load(); // another page of this browser has changed them
    });
  }

  add(drawings: Drawing[]): void {
    this.replace([...this.drawings, ...drawings]);
  }

  /** Take drawings away; they are given back, so that they can be added again. */
  remove(ids: Set<string>): Drawing[] {
    const gone = this.drawings.filter(({ id }) => ids.has(id));
    this.replace(this.drawings.filter(({ id }) => !ids.has(id)));
    return gone;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private replace(drawings: Drawing[]): void {
    this.drawings = drawings;
    if (this.trouble !== "foreign") this.save();
    this.tellAll();
  }

  private save(): void {
    const text = JSON.stringify({ format: FORMAT, drawings: this.drawings.map(packed) });
    try {
      localStorage.setItem(this.key, text);
      this.trouble = null;
    } catch (error) {
      this.trouble = error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "forbidden";
    }
  }

  private load(): void {
    let text: string | null;
    try {
      text = localStorage.getItem(this.key);
    } catch {
      this.trouble = "forbidden";
      return;
    }
    try {
      this.drawings = text === null ? [] : this.read(JSON.parse(text));
    } catch {
      this.trouble = "foreign"; // it is left as it is
    }
    this.tellAll();
  }

  private read(document: { format: number; drawings: { id: string; label: string; pixels: string }[] }): Drawing[] {
    if (document.format !== FORMAT) throw new Error(`format ${document.format}`);
    const [height, width, channels] = this.shape;
    return document.drawings.map(({ id, label, pixels }) => {
      const values = Uint8Array.from(atob(pixels), (each) => each.charCodeAt(0));
      if (values.length !== height * width * channels || !this.classes.has(label)) throw new Error("another run");
      return { id: String(id), label, image: bitmap(width, height, channels, values) };
    });
  }

  private tellAll(): void {
    for (const listener of this.listeners) listener();
  }
}

/** A drawing with a number of its own. */
export function drawing(label: string, image: Bitmap): Drawing {
  return { id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`, label, image };
}

function packed({ id, label, image }: Drawing): { id: string; label: string; pixels: string } {
  let text = "";
  for (const value of image.values) text += String.fromCharCode(value);
  return { id, label, pixels: btoa(text) };
}

/** A short name for a text. Source: Fowler, Noll and Vo's FNV-1a, 32 bits. */
function hashed(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

const collections = new WeakMap<Store, Collection>();

/** The drawings for this page's network. */
export function collectionOf(store: Store): Collection {
  const { network, classes } = store.payload;
  if (!collections.has(store)) collections.set(store, new Collection(network!.input_shape, classes));
  return collections.get(store)!;
}
