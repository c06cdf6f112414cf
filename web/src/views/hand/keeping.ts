/** Where the drawings are: in this browser, and in a file that one can take elsewhere. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Store } from "../../store";
import type { Collection, Trouble } from "./collection";
import { exported, fresh, imported } from "./exchange";

const NAME = "hand.npz";
const TROUBLES: Record<Trouble, string> = {
  forbidden: "This browser lets the page store nothing. Your drawings are lost when you close it: export them before.",
  full: "This browser’s storage is full. What you drew last is lost when you close the page: export your drawings, or delete some.",
  foreign: "In this browser’s storage are drawings that this page cannot read; another version of it may have written them. They stay as they are, and what you draw now is lost when you close the page: export it before.",
};
const HERE = "Your drawings stay in this browser, and go nowhere else.";

export function keeping(store: Store, collection: Collection): { element: HTMLElement; update(): void } {
  const shape = store.payload.network!.input_shape;
  const range = store.payload.reading.value_range ?? null;
  const where = h("p", { class: "note" });
  const status = h("p", { "aria-live": "polite", class: "status" });
  const save = h("button", { type: "button", onclick: () => download(exported(collection.drawings, shape, range)) }, tell("Export {name}", { name: NAME }));
  const chooser = h("input", { type: "file", class: "hidden", id: "import", accept: ".npz", onchange: () => take(chooser.files?.[0]) });
  const element = h(
    "section", { class: "keeping" },
    h("div", { class: "row" }, save, chooser, h("label", { for: "import", class: "button" }, tell("Import"))),
    status, where,
    h("p", { class: "note" }, tell("Let Pellucid judge it, or train on it:")),
    h("pre", {}, `pellucid evaluate ${runName(store)} ${NAME}\npellucid train ${NAME}`),
  );

  async function take(file: File | undefined): Promise<void> {
    if (!file) return;
    try {
      const found = await imported(file, shape, range, store.payload.classes);
      const added = fresh(found, collection.drawings);
      collection.add(added);
      status.className = "status";
      status.textContent = tell("Imported: {added}. Already here: {known}.", { added: added.length, known: found.length - added.length });
    } catch (error) {
      status.className = "status refused";
      status.textContent = `${(error as Error).message} ${tell("Nothing was changed.")}`;
    }
    chooser.value = "";
  }

  function update(): void {
    save.disabled = !collection.drawings.length;
    where.textContent = tell(collection.trouble ? TROUBLES[collection.trouble] : HERE);
    where.classList.toggle("refused", collection.trouble !== null);
  }

  return { element, update };
}

function download(file: Blob): void {
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: NAME }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The run's name where a shell takes it as it is. */
function runName({ payload }: Store): string {
  return /^\w[\w.-]*$/.test(payload.run.name) ? payload.run.name : "RUN";
}
