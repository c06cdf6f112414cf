/** How the network learned: batches, loss, updates, and the curves of this run. */

import { h } from "../../dom";
import { percent, tell } from "../../language";
import { decimal, whole } from "../../numbers";
import { accuracyCurve, lossCurve } from "../../parts/curves";
import type { Payload } from "../../payload";
import { paragraphs, type Chapter } from "./chapter";

export const learning: Chapter = {
  question: "How did it learn?",
  make({ payload, network }) {
    const { history, run } = payload;
    const text = paragraphs(4);
    const parameters = payload.layers.reduce((sum, { parameters: own }) => sum + own, 0) * (network?.record.vote ?? 1);
    text.set(
      tell("By small steps. Before a network has seen anything its weights are random, and its answers no more than guesses. This one was shown images in small groups, the batches, and after each batch every weight was moved a little in the direction that would have made its answers better. So its {parameters} parameters came about. {epochs}", {
        parameters: whole(parameters), epochs: seen(run.epochs, run.counts.train),
      }),
      [better(), smoothed(run.label_smoothing)].join(tell(" ")),
      steps(run.optimizer),
      outcome(history, run.label_smoothing > 0),
    );
    const curves = history.length ? [lossCurve(history), accuracyCurve(history)] : [];
    return { element: h("div", {}, h("div", { class: "row curves" }, curves), ...text.elements) };
  },
};

function better(): string {
  return tell("What is “better” is said by the loss, the cross-entropy: the negative logarithm of the share that the right class got. Where the right class got 99% it is 0.01, of 50% it is 0.69, of 1% it is 4.61: the surer a wrong answer, the greater.");
}

function smoothed(share: number): string {
  return share > 0
    ? tell("While this run learned, {share} of each label was spread evenly over all classes (label smoothing), so that it does not become too sure of itself: its loss in training cannot come down to 0.", { share: percent(share, 0) })
    : "";
}

function steps(optimizer: Payload["run"]["optimizer"]): string {
  return optimizer === "sgd"
    ? tell("How far each weight moves is said by gradient descent: the more a weight has to do with the loss, the farther it is moved.")
    : tell("How far each weight moves is said by {name}. It keeps for each weight a running mean of the directions and of their size, so that weights that are pulled the same way again and again move faster, and those that are pulled to and fro move less.", { name: optimizer === "adam" ? "Adam" : "AdamW" });
}

function seen(epochs: number, count: number | undefined): string {
  if (!count) return "";
  return epochs === 1
    ? tell("It saw each of {count} training images once: that is one epoch.", { count: whole(count) })
    : tell("It saw each of {count} training images {epochs} times: that is {epochs} epochs.", { count: whole(count), epochs: whole(epochs) });
}

function outcome(history: Payload["history"], smooth: boolean): string {
  const last = history[history.length - 1];
  if (last?.val_loss == null || last.val_accuracy == null) return "";
  const parts = { share: percent(last.val_accuracy), train: decimal(last.loss, 3), held: decimal(last.val_loss, 3) };
  if (smooth)
    return tell("Validation images are held out: it never learned from them. At the end it was right for {share} of them. Their loss, {held}, is measured without label smoothing, so it cannot be compared with that of training, {train}.", parts);
  return last.val_loss > last.loss
    ? tell("Validation images are held out: it never learned from them. At the end it was right for {share} of them; its loss there, {held}, is greater than its mean over the last epoch of training, {train}: a part of what it learned holds for the training images alone.", parts)
    : tell("Validation images are held out: it never learned from them. At the end it was right for {share} of them, and its loss there, {held}, was no greater than its mean over the last epoch of training, {train}.", parts);
}
