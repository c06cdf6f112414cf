/** What a scene is: one layer in numbers, at one unit and one place. */

import type { Weight } from "../../network/layers";
import type { Step } from "../../network/network";
import type { LayerRecord } from "../../payload";
import type { Store } from "../../store";

export interface Setting {
  store: Store;
  /** From the first to the one that is shown. */
  layers: LayerRecord[];
  layer: LayerRecord;
  /** The map, or the unit, that is shown. */
  unit: number;
  /** Where to begin; null leaves it to the scene. */
  place: [number, number] | null;
  weight: Weight;
  /** A place is shown. */
  shown(row: number, column: number): void;
  /** Somebody went to another place. */
  moved(row: number, column: number): void;
}

export interface Scene {
  element: HTMLElement;
  update(step: Step): void;
  end?(): void;
}
