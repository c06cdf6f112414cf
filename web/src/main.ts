/** The page: its head, the views by their names in the address, and the view that is shown. */

import "./style.css";
import { h } from "./dom";
import { speak, tell } from "./language";
import "./languages/zh";
import { Doubt } from "./network/doubt";
import { Network } from "./network/network";
import { readPayload } from "./payload";
import { Store } from "./store";
import { printable } from "./text";
import { VIEWS } from "./views";
import type { View } from "./views/view";

function start(root: HTMLElement): void {
  const payload = readPayload();
  speak(payload.language);
  const network = payload.network ? new Network(payload.network) : null;
  const store = new Store(payload, network, payload.doubt ? new Doubt(payload.doubt) : null);
  Object.assign(globalThis, { pellucid: store }); // for the console, and for tests of the network itself
  const views = VIEWS.filter((view) => view.has(store));
  const main = h("main", { id: "view", tabindex: "-1" });
  let end = () => {};

  function show(): void {
    const [name, ...place] = location.hash.replace(/^#\//, "").split("/").map(decoded);
    const view = views.find(({ id }) => id === name) ?? views[0];
    end();
    main.replaceChildren();
    end = view.mount(main, store, place, (...parts) => go(view, parts));
    for (const link of root.querySelectorAll("header nav a"))
      link.setAttribute("aria-current", link.getAttribute("href") === `#/${view.id}` ? "page" : "false");
    document.title = `${tell(view.title)} · ${printable(payload.run.name)}`;
  }

  root.replaceChildren(head(store, views, main), main);
  addEventListener("hashchange", () => {
    show();
    scrollTo(0, 0);
    if (document.activeElement === document.body) main.focus({ preventScroll: true });
  });
  show();
}

/** A part of the address as it was meant; one that nobody can have meant stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function go(view: View, place: string[]): void {
  history.replaceState(null, "", `#/${[view.id, ...place].map(encodeURIComponent).join("/")}`);
}

function head(store: Store, views: View[], main: HTMLElement): HTMLElement {
  const skip = (event: Event): void => {
    event.preventDefault(); // the address is where one is in the page
    main.focus();
  };
  const links = views.map((view) => h("li", {}, h("a", { href: `#/${view.id}` }, tell(view.title))));
  return h(
    "header", {},
    h("a", { class: "skip", href: "#view", onclick: skip }, tell("Skip to content")),
    h("p", { class: "run" }, store.payload.run.name),
    h("nav", { "aria-label": tell("Views") }, h("ul", {}, links)),
  );
}

const root = document.getElementById("app")!;
try {
  start(root);
} catch (error) {
  root.replaceChildren(h("p", { class: "failed", role: "alert" }, String(error instanceof Error ? error.message : error)));
}
