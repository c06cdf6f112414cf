"""What the curves of a training give reason to do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pellucid.judge.advice.commands import command, data_of, learning_rate_study, train_again
from pellucid.judge.advice.facts import LEAST_UPDATES, Advice, Facts, change, gap, upper_bound
from pellucid.language import tell
from pellucid.run.history import Epoch
from pellucid.words import percent

RISEN = 0.1  # of the least validation loss
WIDE_GAP = 0.05
LEARNT = 0.95  # of the training images, from which a network does not underfit
SLOW = 0.8  # of the loss of guessing


def learning_rate_high(facts: Facts) -> Advice | None:
    """Training makes a network worse, or teaches it nothing.

    That is, the training accuracy falls from one epoch to the next by more than chance, in a quarter of the epochs or
    more; or the loss ends no lower than guessing's, ln(classes), and did not fall steadily on the way.

    On the same images accuracy rises while a rate is bearable; the interval of the difference is of two samples as
    large as the training split.
    """
    epochs, last = facts.epochs, facts.last
    if last is None or not facts.trained:
        return None
    falls = [
        (before, after)
        for before, after in pairwise(epochs)
        if facts.settled and change(before.accuracy, after.accuracy, facts.trained)[1] < 0
    ]
    guessing = facts.guessing
    if falls and 4 * len(falls) >= len(epochs) - 1:
        before, after = falls[-1]
        evidence = tell(
            "the training accuracy fell in {falls} of {steps} epochs, last from {before} to {after} in epoch {epoch}",
            falls=len(falls),
            steps=len(epochs) - 1,
            before=percent(before.accuracy),
            after=percent(after.accuracy),
            epoch=after.epoch,
        )
    elif last.loss >= guessing and not _steadily_falling(epochs):
        evidence = tell(
            "the training loss of epoch {epoch} is {loss}; guessing has {guessing}",
            loss=f"{last.loss:.3f}",
            epoch=last.epoch,
            guessing=f"{guessing:.3f}",
        )
    else:
        return None
    rate = f"{facts.record.train.learning_rate:g}"
    return Advice(
        "learning rate too high",
        tell("the learning rate of {rate} is too high", rate=rate),
        evidence,
        learning_rate_study(facts.record),
    )


def learning_rate_low(facts: Facts) -> Advice | None:
    """Training hardly begins, and still goes on when it ends.

    That is, the loss of a first epoch of 100 updates or more is still above 0.8 of guessing's, it falls with every
    epoch, and the training accuracy still rose by more than chance in the last.

    With a bearable rate the mean loss over 100 updates is well below that of guessing, since the first few dozen take
    it down; where only few updates were made, more epochs are the remedy, and no other rate.
    """
    epochs = facts.epochs
    if len(epochs) < 2 or not facts.trained or facts.updates_an_epoch < LEAST_UPDATES:
        return None
    first, last = epochs[0], epochs[-1]
    low, _ = change(epochs[-2].accuracy, last.accuracy, facts.trained)
    if first.loss <= SLOW * facts.guessing or low <= 0 or not _steadily_falling(epochs):
        return None
    return Advice(
        "learning rate too low",
        tell("the learning rate of {rate} is too low", rate=f"{facts.record.train.learning_rate:g}"),
        tell(
            "the first epoch's {updates} updates left the loss at {loss}, where guessing has {guessing}, and the last "
            "epoch still raised the training accuracy from {before} to {after}",
            updates=facts.updates_an_epoch,
            loss=f"{first.loss:.3f}",
            guessing=f"{facts.guessing:.3f}",
            before=percent(epochs[-2].accuracy),
            after=percent(last.accuracy),
        ),
        learning_rate_study(facts.record),
    )


def overfitting(facts: Facts) -> Advice | None:
    """What is learnt of training images does not hold for others.

    That is, the training accuracy is above the validation accuracy by more than chance, and either the validation loss
    has risen by a tenth or more above its least, so that training longer did harm, or the gap is 5 points at the least.

    The training accuracy is taken before each update and of varied images, so the true gap is wider.
    """
    last = facts.last
    if last is None or last.val_accuracy is None or last.val_loss is None or not (facts.validated and facts.trained):
        return None
    if not facts.settled:
        return None
    low, _ = gap(facts, last)
    best = min((epoch for epoch in facts.epochs if epoch.val_loss is not None), key=lambda e: e.val_loss or 0.0)
    least = best.val_loss or 0.0
    risen = best.epoch < last.epoch and last.val_loss >= (1 + RISEN) * least
    if low <= 0 or not (risen or low >= WIDE_GAP):
        return None
    evidence = tell(
        "accuracy {train} on training images, {validation} on validation images",
        train=percent(last.accuracy),
        validation=percent(last.val_accuracy),
    )
    if risen:
        evidence += tell(
            "; the validation loss rose from {least} after epoch {epoch} to {loss}",
            least=f"{least:.4f}",
            epoch=best.epoch,
            loss=f"{last.val_loss:.4f}",
        )
    options = {} if facts.record.train.augmentation else {"--augment": "shift=0.1,rotation=10"}
    remedy = train_again(facts.record, {**options, "--patience": "3"})
    return Advice("overfitting", tell("the network overfits"), evidence, remedy)


def underfitting(facts: Facts) -> Advice | None:
    """A network does not learn the very images that it is trained on.

    That is, fewer than 95% of both training and validation images are answered right, by the upper bounds of both
    intervals, and the two surely differ by less than 5 points.

    Where the last epoch still raised the training accuracy by more than chance, more epochs are the remedy, and else a
    larger network. Where a learning rate is at fault, that is said instead.
    """
    last = facts.last
    if last is None or not facts.trained or learning_rate_high(facts) or learning_rate_low(facts):
        return None
    if upper_bound(last.accuracy, facts.trained) >= LEARNT:
        return None
    validated = last.val_accuracy is not None and facts.validated > 0
    if validated and (
        upper_bound(last.val_accuracy or 0.0, facts.validated) >= LEARNT or gap(facts, last)[1] >= WIDE_GAP
    ):
        return None
    epochs = facts.epochs
    rising = len(epochs) > 1 and change(epochs[-2].accuracy, last.accuracy, facts.trained)[0] > 0
    if rising or facts.record.recipe == "accurate":
        remedy = train_again(facts.record, {"--epochs": str(2 * facts.record.train.epochs)})
    else:
        remedy = command("pellucid", "train", data_of(facts.record), "--recipe", "accurate")
    return Advice(
        "underfitting",
        tell("the network underfits"),
        tell(
            "in epoch {epoch} it answered {share} of its own {count} training images right",
            epoch=last.epoch,
            share=percent(last.accuracy),
            count=f"{facts.trained:,}",
        ),
        remedy,
    )


def unstable_validation(facts: Facts) -> Advice | None:
    """In the last two thirds of the training the validation accuracy falls by more than chance at least twice.

    The interval is of two samples as large as the validation split. The images being the same, it is wider than need
    be, so that a fall that it excludes is no chance.
    """
    known = [epoch for epoch in facts.epochs if epoch.val_accuracy is not None]
    late = known[len(known) // 3 :]
    if not facts.validated:
        return None
    falls = [
        (before, after)
        for before, after in pairwise(late)
        if change(before.val_accuracy or 0.0, after.val_accuracy or 0.0, facts.validated)[1] < 0
    ]
    if len(falls) < 2:
        return None
    before, after = falls[-1]
    train = facts.record.train
    calm = {"--schedule": "one_cycle"}
    slower = {"--learning-rate": f"{train.learning_rate / 3:.2g}"}
    return Advice(
        "unstable validation",
        tell("the validation accuracy is unstable, so the last epoch may be a bad one by chance"),
        tell(
            "it fell by more than chance {falls} times, at last from {before} to {after} in epoch {epoch}",
            falls=len(falls),
            before=percent(before.val_accuracy),
            after=percent(after.val_accuracy),
            epoch=after.epoch,
        ),
        train_again(facts.record, calm if train.schedule.kind == "constant" else slower),
    )


def _steadily_falling(epochs: Sequence[Epoch]) -> bool:
    """Whether the training loss fell with every epoch."""
    return all(after.loss < before.loss for before, after in pairwise(epochs))
