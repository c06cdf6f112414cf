/** How the network learned: batches, loss, updates, and the curves of this run. */

import { h } from "../../dom";
import { percent, tell } from "../../language";
import { decimal, whole } from "../../numbers";
import { accuracyCurve, lossCurve } from "../../parts/curves";
import { paragraphs, type Chapter } from "./chapter";

export const learning: Chapter = {
  question: "How did it learn?",
  make({ payload, network }) {
    const { history, run } = payload;
    const text = paragraphs(4);
    const parameters = payload.layers.reduce((sum, { parameters: own }) => sum + own, 0) * (network?.record.vote ?? 1);
    text.set(
      tell("By small steps. At first all {parameters} numbers in it were random. It was shown images in small groups, the batches, and after each batch every number was moved a little in the direction that would have made its answers better. {epochs}", {
        parameters: whole(parameters), epochs: seen(run.epochs, run.counts.train),
      }),
      tell("What is “better” is said by the loss, the cross-entropy: the negative logarithm of the share that the right class got. It is 0 for a sure and right answer, and grows without end for a sure and wrong one."),
      tell("How far each number moves is often left to Adam. It keeps for each number a running mean of the directions and of their size, so that numbers that are pulled the same way again and again move faster, and those that are pulled to and fro move less."),
      outcome(history),
    );
    const curves = history.length ? [lossCurve(history), accuracyCurve(history)] : [];
    return { element: h("div", {}, h("div", { class: "row curves" }, curves), ...text.elements) };
  },
};

function seen(epochs: number, count: number | undefined): string {
  if (!count) return "";
  return epochs === 1
    ? tell("It saw each of {count} training images once: that is one epoch.", { count: whole(count) })
    : tell("It saw each of {count} training images {epochs} times: that is {epochs} epochs.", { count: whole(count), epochs: whole(epochs) });
}

function outcome(history: { loss: number; val_loss: number | null; val_accuracy: number | null }[]): string {
  const last = history[history.length - 1];
  if (last?.val_loss == null || last.val_accuracy == null) return "";
  const parts = { share: percent(last.val_accuracy), train: decimal(last.loss, 3), held: decimal(last.val_loss, 3) };
  return last.val_loss > last.loss
    ? tell("Validation images are held out: it never learned from them. At the end it was right for {share} of them; its loss there, {held}, is greater than its mean over the last epoch of training, {train}: a part of what it learned holds for the training images alone.", parts)
    : tell("Validation images are held out: it never learned from them. At the end it was right for {share} of them, and its loss there, {held}, was no greater than its mean over the last epoch of training, {train}.", parts);
}
