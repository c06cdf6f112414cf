/** Image files that are dropped or chosen, each with its answer or with why there is none. */

import { h } from "../../dom";
import { tell } from "../../language";
import { argmax } from "../../network/tensor";
import { tensorOf, type Bitmap } from "../../pixels/bitmap";
import { decoded, MOST_BYTES, MOST_PIXELS } from "../../pixels/decode";
import { fitted } from "../../pixels/fit";
import type { Store } from "../../store";

const MOST_FILES = 100;

/** A button, a place to drop on (the whole page), and the list. `end` lets go of the page. */
export function files(store: Store, pick: (name: string, image: Bitmap) => void): { element: HTMLElement; end(): void } {
  const list = h("ul", { class: "files", "aria-live": "polite" });
  const chooser = h("input", {
    type: "file", multiple: true, accept: "image/*", class: "hidden", id: "files", onchange: () => take([...(chooser.files ?? [])]),
  });

  async function take(chosen: File[]): Promise<void> {
    chooser.value = "";
    list.replaceChildren();
    let first = true;
    for (const file of chosen.slice(0, MOST_FILES)) {
      const image = await read(file, store).catch((error: Error) => error.message);
      list.append(typeof image === "string" ? refused(file.name, image) : taken(file.name, image));
      if (first && typeof image !== "string") {
        pick(file.name, image);
        first = false;
      }
    }
    if (chosen.length > MOST_FILES)
      list.append(h("li", {}, tell("Only the first {most} of {count} files are shown.", { most: MOST_FILES, count: chosen.length })));
  }

  function taken(name: string, image: Bitmap): HTMLElement {
    const { probabilities } = store.network!.answer(tensorOf(image));
    const said = store.payload.classes[argmax(probabilities)];
    return h("li", {}, h("button", { type: "button", class: "quiet name", title: name, onclick: () => pick(name, image) }, name), h("span", { class: "said" }, said));
  }

  const hover = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  };
  const drop = (event: DragEvent): void => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  };
  document.addEventListener("dragover", hover);
  document.addEventListener("drop", drop);
  const element = h(
    "div", { class: "chooser" },
    h("p", {}, chooser, h("label", { for: "files", class: "button" }, tell("Choose image files")), " ", h("span", { class: "note" }, tell("or drop them anywhere on this page."))),
    h("p", { class: "note" }, told(store)), list,
  );
  return { element, end: () => (document.removeEventListener("dragover", hover), document.removeEventListener("drop", drop)) };
}

async function read(file: File, store: Store): Promise<Bitmap> {
  const { reading, network } = store.payload;
  const image = await decoded(file, reading.background);
  const brought = fitted(image, network!.input_shape, reading);
  if (!brought) throw new Error(tell("It is so narrow ({width} × {height} pixels) that nothing of it would be left.", { width: image.width, height: image.height }));
  return brought;
}

function refused(name: string, why: string): HTMLElement {
  return h("li", {}, h("span", { class: "name", title: name }, name), h("span", { class: "refused" }, why));
}

const FITS = {
  stretch: "They are stretched to {height} × {width} pixels, as the run reads files.",
  pad: "They are brought to {height} × {width} pixels with their proportions kept and the rest filled up, as the run reads files.",
  crop: "They are brought to {height} × {width} pixels with their proportions kept and the rest cut off, as the run reads files.",
};

function told(store: Store): string {
  const [height, width] = store.network!.record.input_shape;
  return [
    tell("Nothing leaves your computer."),
    tell(FITS[store.payload.reading.fit], { height, width }),
    tell("Your browser decodes them: pixels may differ from those that Python reads by a grey level, and of a JPEG or a transparent image by a few."),
    tell("At most {mib} MiB and {millions} million pixels each.", { mib: MOST_BYTES >> 20, millions: MOST_PIXELS / 1e6 }),
  ].join(" ");
}
