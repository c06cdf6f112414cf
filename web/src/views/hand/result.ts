/** The accuracy of one hand beside that of the test images, with its interval, and what is taken for what. */

import { h } from "../../dom";
import { percent, tell } from "../../language";
import { inSlices } from "../../parts/slices";
import type { Store } from "../../store";
import type { Collection } from "./collection";
import { judged, score, wilson, type Score } from "./judged";

const MOST_CONFUSIONS = 8;
const FEW = 10;
const FEW_SAID = "Ten drawings say little, a hundred say much.";

export function result(store: Store, collection: Collection): { element: HTMLElement; update(): void; end(): void } {
  const main = h("p", { class: "score", "aria-live": "polite" });
  const more = h("div", { class: "more" });
  const element = h("section", { class: "result" }, main, more);
  let cancel = (): void => {};

  function update(): void {
    cancel();
    const { drawings } = collection;
    if (!drawings.length) {
      main.textContent = tell(FEW_SAID);
      more.replaceChildren();
      return;
    }
    cancel = inSlices(drawings.length, (number) => void judged(drawings[number], store), (done) => {
      if (done === drawings.length) show(score(drawings, store));
    });
  }

  function show(found: Score): void {
    main.textContent = sentence(found, store);
    const confused = found.confusions.slice(0, MOST_CONFUSIONS).map(([meant, said, count]) =>
      h("li", {}, tell("{meant} taken for {said}: {count}", { meant, said, count })));
    more.replaceChildren(
      ...[remark(found, store), refusals(found, store)].filter(Boolean).map((text) => h("p", { class: "note" }, text)),
      ...(confused.length ? [h("ul", { class: "confusions" }, confused)] : []),
    );
  }

  return { element, update, end: () => cancel() };
}

function sentence({ right, count }: Score, store: Store): string {
  const [low, high] = wilson(right, count).map((share) => (100 * share).toFixed(0));
  const own = { right, count, share: percent(right / count, 0), low, high };
  const { evaluation } = store.payload;
  if (!evaluation) return tell("Of your hand {right} of {count} are right: {share}, 95% interval {low} to {high}%.", own);
  const accuracy = percent(evaluation.accuracy);
  return tell("On its {split} images {accuracy} are right; of your hand {right} of {count}: {share}, 95% interval {low} to {high}%.", { ...own, accuracy, split: tell(evaluation.split) });
}

/** Whether chance explains that a hand is read otherwise than the test images. */
function remark({ right, count }: Score, store: Store): string {
  const { evaluation } = store.payload;
  if (count < FEW) return tell(FEW_SAID);
  if (!evaluation) return "";
  const [low, high] = wilson(right, count);
  if (evaluation.accuracy > high) return tell("Your hand is harder for it than its test images, by more than chance explains: what it was trained on came about in another way.");
  if (evaluation.accuracy < low) return tell("Your hand is easier for it than its test images, by more than chance explains.");
  return tell("That may be chance: {count} drawings cannot tell your hand from its test images.", { count });
}

function refusals({ count, refused, answeredRight }: Score, store: Store): string {
  if (!store.doubt) return "";
  if (!refused) return tell("It never said “I don’t know”.");
  if (refused === count) return tell("It said “I don’t know” each time; counted is what it would have guessed.");
  return tell("It said “I don’t know” {refused} times; counted is what it would have guessed. Of the other {answered}, {right} are right.", { refused, answered: count - refused, right: answeredRight });
}
