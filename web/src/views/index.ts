/** The views in the order of the page; a further one is a module beside its siblings, and one line here. */

import { draw } from "./draw";
import { hand } from "./hand";
import { attempt } from "./try";
import type { View } from "./view";

export const VIEWS: View[] = [draw, attempt, hand];
