/** The views in the order of the page; a further one is a module beside its siblings, and one line here. */

import { draw } from "./draw";
import { hand } from "./hand";
import { learn } from "./learn/learn";
import { run } from "./run/run";
import { attempt } from "./try";
import type { View } from "./view";
import { walk } from "./walk/walk";

export const VIEWS: View[] = [draw, walk, attempt, hand, run, learn];
