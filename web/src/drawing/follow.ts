/** The network answers what is drawn while it is drawn. */

import type { Store } from "../store";
import type { Paper } from "./paper";
import type { Sheet } from "./sheet";

const FRAME = 16; // milliseconds

/** Ask at each change, at most once a frame; of a slow network as seldom as leaves half of the time to the page. */
export function follow(sheet: Sheet, paper: Paper, store: Store): () => void {
  let frame = 0;
  let timer = 0;
  let late = false;
  const ask = (): void => {
    frame = 0;
    late = false;
    store.show({ kind: "drawing" }, paper.tensor());
    if (store.took > FRAME) timer = setTimeout(rested, store.took);
  };
  const rested = (): void => {
    timer = 0;
    if (late) soon();
  };
  const soon = (): void => {
    if (timer) late = true;
    else frame ||= requestAnimationFrame(ask);
  };
  store.show({ kind: "drawing" }, paper.tensor());
  const deaf = sheet.subscribe(soon);
  return () => {
    deaf();
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
