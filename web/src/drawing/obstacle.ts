/** What stands in the way of drawing and trying, in words. */

import { tell } from "../language";
import "../languages/zh/drawing";
import { canPaint } from "../parts/picture";
import type { Store } from "../store";
import type { Sheet } from "./sheet";

/** Why one cannot draw here, in words; empty where one can. */
export function obstacleTo(store: Store, sheet: Sheet | null): string {
  if (!store.network) return tell("This page cannot run the network: {why}", { why: store.payload.lacking ?? "" });
  if (!sheet) return tell("The network takes images of {channels} channels, which one cannot draw.", { channels: store.network.record.input_shape[2] });
  if (!canPaint()) return cannotPaint();
  return "";
}

/** A browser without canvas, or one in which it is forbidden. */
export function cannotPaint(): string {
  return tell("This browser cannot paint (it has no canvas), and so one cannot draw here. Another browser, or another setting of this one, can.");
}
