/** How well the network reads a hand. */

import { argmax } from "../../network/tensor";
import { tensorOf } from "../../pixels/bitmap";
import type { Pair } from "../../payload";
import type { Store } from "../../store";
import type { Drawing } from "./collection";

export interface Judged {
  /** Name of the class that is answered. */
  said: string;
  refused: boolean;
}

export interface Score {
  count: number;
  right: number;
  refused: number;
  /** Right among those that are answered. */
  answeredRight: number;
  /** Meant, said, and how often; the most frequent first. */
  confusions: [string, string, number][];
}

const known = new WeakMap<Drawing, Judged>();

/** What the network answers to a drawing; asked once. */
export function judged(drawing: Drawing, store: Store): Judged {
  const before = known.get(drawing);
  if (before) return before;
  const answer = store.network!.answer(tensorOf(drawing.image));
  const refused = Boolean(store.doubt?.verdict(answer).kind);
  const found = { said: store.payload.classes[argmax(answer.probabilities)], refused };
  known.set(drawing, found);
  return found;
}

export function score(drawings: Drawing[], store: Store): Score {
  const all = drawings.map((each) => ({ meant: each.label, ...judged(each, store) }));
  const right = all.filter(({ meant, said }) => meant === said);
  const pairs = new Map<string, [string, string, number]>();
  for (const { meant, said } of all) {
    if (meant === said) continue;
    const key = JSON.stringify([meant, said]);
    const pair = pairs.get(key) ?? [meant, said, 0];
    pair[2]++;
    pairs.set(key, pair);
  }
  return {
    count: all.length,
    right: right.length,
    refused: all.filter(({ refused }) => refused).length,
    answeredRight: right.filter(({ refused }) => !refused).length,
    confusions: [...pairs.values()].sort((one, other) => other[2] - one[2]),
  };
}

const Z = 1.959963984540054; // of a normal distribution, 95% lie within

/** Wilson's score interval of a proportion, 95%. Source: Wilson 1927, JASA 22(158), 209-212. */
export function wilson(right: number, count: number): Pair {
  const share = right / count;
  const centre = share + (Z * Z) / (2 * count);
  const reach = Z * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count));
  const scale = 1 + (Z * Z) / count;
  return [right === 0 ? 0 : (centre - reach) / scale, right === count ? 1 : (centre + reach) / scale];
}
