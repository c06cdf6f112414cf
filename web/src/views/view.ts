import type { Store } from "../store";

/** One topic of the page. */
export interface View {
  /** Its name in addresses: `#/walk`. */
  id: string;
  /** English; shown through `tell`. */
  title: string;
  /** Whether there is something to show of this run. */
  has(store: Store): boolean;
  /**
   * Show it in an empty element. What comes back ends it: listeners, timers.
   *
   * `place` is what stands behind the view's name in the address, parted by slashes: `#/walk/conv2d_1/3` gives
   * ["conv2d_1", "3"]. A view that moves within itself says so by `go`.
   */
  mount(root: HTMLElement, store: Store, place: string[], go: (...place: string[]) => void): () => void;
}
