"""The training loop: shuffled mini-batches, one update each, a row of history an epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pellucid.batches.augment import augment
from pellucid.batches.images import DeviceImages, shuffled
from pellucid.device import autocast, seed_generators
from pellucid.errors import DivergedError, RunError, TrainingError
from pellucid.model.blame import blamed
from pellucid.model.frozen import in_training
from pellucid.predict.answer import answers
from pellucid.run.history import Epoch
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.seeds import derive_seed
from pellucid.spec.train import TrainSpec
from pellucid.train.callbacks import Callback, tell
from pellucid.train.interrupt import Stop
from pellucid.train.learner import Ending, Learner, Progress, batches_of
from pellucid.train.loss import Loss, loss_of
from pellucid.train.optimizers import Optimizer
from pellucid.train.placed import PlacedSplit
from pellucid.train.statistics import renew_statistics
from pellucid.train.tally import REMEDY, Tally

Until = Callable[[Progress], bool]


def train(
    learner: Learner,
    images: PlacedSplit,
    validation: PlacedSplit | None,
    spec: TrainSpec,
    *,
    until: Until | None = None,
    precision: str = "fp32",
    callbacks: Sequence[Callback] = (),
    stop: Stop | None = None,
) -> Progress:
    """Train a network in place, from wherever it stands.

    Args:
        learner: The network and how far it has come; on the device of the images.
        images: What to train on.
        validation: What to measure on after each epoch, or None.
        spec: How to train.
        until: Whether the training has come to where it is to go; asked before each update. Unless given, it goes to
            the end of the specification's epochs, where batch normalisation is measured anew after augmentation.
        precision: Precision of the activations; weights, gradients and updates are fp32.
        callbacks: Hear of each update and epoch; one of them may end the training.
        stop: Looked at before each update.

    Returns:
        The learner's progress, with why the training ended.

    Raises:
        TrainingError: A loss or a weight is not finite, or a module of the user's failed.
    """
    network, optimizer, progress = learner.trained, learner.optimizer, learner.progress
    to_the_end, until = until is None, until or after_epochs(spec)
    progress.ending = None
    batches, loss_of_batch = batches_of(learner.model, spec, len(images)), loss_of(spec, images)
    while not (ending := _ending(progress, until, callbacks, stop)):
        started, epoch = time.perf_counter() - progress.seconds, epoch_number(progress, spec)
        tally = Tally(progress, batches, spec, epoch, images.data.device)
        order = shuffled(images.rows, spec.seed, epoch).split(batches)
        in_training(network)
        for rows in order[progress.step :]:
            if ending := _ending(progress, until, callbacks, stop):
                break
            rate = progress.learning_rate_next(spec, len(batches))
            batch, labels = draw(images.data, rows, spec, epoch, progress.step + 1)
            with blamed(network, TrainingError, batch, f"in epoch {epoch}, step {progress.step + 1} of {len(batches)}"):
                loss, logits = update(network, optimizer, batch, labels, rate, loss_of_batch, precision)
            progress.step, progress.steps, progress.learning_rate = progress.step + 1, progress.steps + 1, rate
            progress.seconds = time.perf_counter() - started
            tally.add(loss, logits, labels)
            tell(callbacks, "on_step_end", epoch, progress.step, loss)
        else:
            means = tally.means()
            progress.epoch, progress.step, progress.seconds = progress.epoch + 1, 0, 0.0
            if to_the_end and until(progress):
                finish(learner, images, spec, precision)
            measured = _validated(network, validation)
            row = Epoch(epoch, *means, *measured, progress.learning_rate, time.perf_counter() - started)
            progress.epochs.append(row)
            tell(callbacks, "on_epoch_end", row)
    if ending == "stopped":
        finish(learner, images, spec, precision)
    require_finite(learner.model)
    progress.ending = ending
    return progress


def after_epochs(spec: TrainSpec) -> Until:
    """The end of a training after as many epochs as its specification has."""
    return lambda progress: progress.epoch > spec.epochs


def epoch_number(progress: Progress, spec: TrainSpec) -> int:
    """Number of the epoch under way, from 1, counted through the members of a vote."""
    return progress.member * spec.epochs + progress.epoch


def _ending(progress: Progress, until: Until, callbacks: Sequence[Callback], stop: Stop | None) -> Ending | None:
    """Why the training is to end here; None where it goes on."""
    if until(progress):
        return "finished"
    if stop and stop.requested:
        return "interrupted"
    return "stopped" if any(callback.stop_training for callback in callbacks) else None


def draw(
    images: DeviceImages, rows: Int64[Tensor, " batch"], spec: TrainSpec, epoch: int, step: int
) -> tuple[Float[Tensor, "batch channels height width"], Int64[Tensor, " batch"]]:
    """The images of one update, varied, and their labels.

    All that an update draws at random follows from the numbers given here: its variants, and dropout and the like in
    the network, for which torch's generators are seeded.

    Args:
        images: The images, on their device.
        rows: Rows of the mini-batch's images.
        spec: Says how images are varied, and from which seed.
        epoch: Number of the epoch, from 1.
        step: Number of the update in the epoch, from 1.
    """
    seed_generators(images.device, derive_seed(spec.seed, "step", epoch, step))
    batch, labels = images.batch(rows)
    if spec.augmentation:
        batch = augment(batch, spec.augmentation, derive_seed(spec.seed, "augment", epoch, step))
    return batch, labels


def update(
    model: nn.Module,
    optimizer: Optimizer,
    images: Float[Tensor, "batch channels height width"],
    labels: Int64[Tensor, " batch"],
    rate: float,
    loss_of_batch: Loss = cross_entropy,
    precision: str = "fp32",
) -> tuple[Float[Tensor, ""], Float[Tensor, "batch classes"]]:
    """One mini-batch, one update of the weights.

    Returns:
        The mean loss over the batch and the logits, both from before the update.
    """
    with autocast(images.device, precision):
        logits = model(images).float()
    loss = loss_of_batch(logits, labels)
    optimizer.backward(loss)
    optimizer.step(rate)
    return loss.detach(), logits.detach()


def finish(learner: Learner, images: PlacedSplit, spec: TrainSpec, precision: str) -> None:
    """What is done once after the last update: batch normalisation is measured anew where images were augmented."""
    if spec.augmentation and spec.augmentation.active:
        renew_statistics(learner.trained, images.data, shuffled(images.rows, spec.seed, 0), precision)


def measure(
    model: nn.Module, split: PlacedSplit | None, test_time: AugmentSpec | None = None
) -> tuple[float, float] | tuple[None, None]:
    """Mean loss and accuracy of a network on a split, as in prediction and in fp32; Nones for no split.

    Args:
        model: The network; it is left in evaluation mode.
        split: What to measure it on.
        test_time: How images are varied, if the average over their variants is to answer.

    Raises:
        DivergedError: The loss is not finite.
    """
    if split is None:
        return None, None
    model.eval()
    losses, right = [], []  # on the device, which is waited for only at the end
    for logits, labels in answers(model, split.data, split.rows, test_time):
        losses.append(cross_entropy(logits, labels, reduction="sum"))
        right.append((logits.argmax(dim=1) == labels).sum())
    loss = torch.stack(losses).cpu().double().sum().item()
    if not math.isfinite(loss):
        raise DivergedError(f"The validation loss must be finite; received {loss}. {REMEDY}")
    return loss / len(split), int(torch.stack(right).sum()) / len(split)


def _validated(network: nn.Module, validation: PlacedSplit | None) -> tuple[float, float] | tuple[None, None]:
    """What a network comes to on the validation split, in the course of its training."""
    try:
        return measure(network, validation)
    except RunError as error:
        raise TrainingError(str(error)) from error


def require_finite(model: nn.Module) -> None:
    """See that the last update left no weight that is not finite; no loss would show it any more.

    Raises:
        DivergedError: A weight is not finite.
    """
    for name, weight in model.state_dict().items():
        if weight.is_floating_point() and not weight.isfinite().all():
            raise DivergedError(f"The weights must be finite; received others in {name}. {REMEDY}")
