/** What stands in the way of drawing and trying. */

import { h } from "../dom";
import { tell } from "../language";
import "../languages/zh/drawing";
import { lacking } from "../parts/lacking";
import type { Store } from "../store";
import { sheetOf } from "./sheet";

/** In words; null where one can draw. */
export function obstacleTo(store: Store): HTMLElement[] | null {
  const found = lacking(store);
  if (found || sheetOf(store)) return found;
  const channels = store.payload.network!.input_shape[2];
  return [h("p", {}, tell("The network takes images of {channels} channels, which one cannot draw.", { channels }))];
}
