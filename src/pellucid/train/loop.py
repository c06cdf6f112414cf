"""The training loop: shuffled mini-batches, one update each, a row of history an epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pellucid.batches.augment import augment
from pellucid.batches.images import shuffled
from pellucid.device import autocast, seed_generators
from pellucid.errors import TrainingError
from pellucid.model.vote import members_of
from pellucid.predict.answer import answers
from pellucid.run.history import Epoch, History
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.seeds import derive_seed
from pellucid.spec.train import TrainSpec
from pellucid.train.callbacks import Callback, Plan
from pellucid.train.interrupt import Stop
from pellucid.train.optimizers import Optimizer
from pellucid.train.placed import PlacedSplit
from pellucid.train.reorder import pooled_first
from pellucid.train.scale import LossScale
from pellucid.train.statistics import renew_statistics
from pellucid.train.tally import REMEDY, Tally


@dataclass
class Outcome:
    """How far a training has come.

    Attributes:
        history: The finished epochs.
        steps: Updates made, those of an unfinished epoch too.
        interrupted: Whether it stopped because the user asked.
    """

    history: History = field(default_factory=History)
    steps: int = 0
    interrupted: bool = False


def train(
    model: nn.Module,
    images: PlacedSplit,
    validation: PlacedSplit | None,
    spec: TrainSpec,
    *,
    precision: str = "fp32",
    callbacks: Sequence[Callback] = (),
    stop: Stop | None = None,
) -> Outcome:
    """Train a network in place; the members of a vote one after another.

    Args:
        model: On the device of the images; gives logits.
        images: What to train on.
        validation: What to measure on after each epoch, or None.
        spec: How to train.
        precision: Of the activations; weights, gradients and updates are fp32.
        callbacks: Hear of it as it goes.
        stop: Looked at before each update.

    Raises:
        TrainingError: A loss is not finite.
    """
    learners = [learner(member, spec, precision) for member in members_of(model)]
    plan = Plan(len(learners) * spec.epochs, math.ceil(len(images.rows) / spec.batch_size), len(images.rows))
    steps, rate = spec.epochs * plan.steps_per_epoch, 0.0
    outcome = Outcome()
    try:
        _tell(callbacks, "on_train_begin", plan)
        for epoch in range(1, plan.epochs + 1):
            started = time.perf_counter()
            tally = Tally(plan, spec, epoch, images.data.device)
            network, optimizer = learners[(epoch - 1) // spec.epochs]
            network.train()
            for step, rows in enumerate(shuffled(images.rows, spec.seed, epoch).split(spec.batch_size), start=1):
                if stop and stop.requested:
                    outcome.interrupted = True
                    require_finite(model)
                    return outcome
                rate = spec.learning_rate_at(outcome.steps % steps, steps)
                # For dropout and the like.
                seed_generators(images.data.device, derive_seed(spec.seed, "step", epoch, step))
                batch, labels = images.data.batch(rows)
                if spec.augmentation:
                    batch = augment(batch, spec.augmentation, derive_seed(spec.seed, "augment", epoch, step))
                loss, logits = update(network, optimizer, batch, labels, rate, spec.label_smoothing, precision)
                outcome.steps += 1
                tally.add(step, loss, logits, labels)
                _tell(callbacks, "on_step_end", epoch, step, loss)
            loss_mean, accuracy = tally.means()
            if spec.augmentation and spec.augmentation.active and epoch % spec.epochs == 0:
                renew_statistics(network, images.data, shuffled(images.rows, spec.seed, 0), precision)
            val_loss, val_accuracy = measure(network, validation)
            row = Epoch(epoch, loss_mean, accuracy, val_loss, val_accuracy, rate, time.perf_counter() - started)
            outcome.history.epochs.append(row)
            _tell(callbacks, "on_epoch_end", row)
        require_finite(model)
        return outcome
    finally:
        _tell(callbacks, "on_train_end", outcome.history)


def learner(model: nn.Module, spec: TrainSpec, precision: str) -> tuple[nn.Module, Optimizer]:
    """A network as it is trained, and the optimizer of its weights."""
    scale = LossScale(next(model.parameters()).device) if precision == "fp16" else None
    return pooled_first(model), Optimizer(model.parameters(), spec.optimizer, scale)


def update(
    model: nn.Module,
    optimizer: Optimizer,
    images: Float[Tensor, "batch channels height width"],
    labels: Int64[Tensor, " batch"],
    rate: float,
    label_smoothing: float = 0.0,
    precision: str = "fp32",
) -> tuple[Float[Tensor, ""], Float[Tensor, "batch classes"]]:
    """One mini-batch, one update of the weights.

    Returns:
        The mean loss over the batch and the logits, both from before the update.
    """
    with autocast(images.device, precision):
        logits = model(images).float()
    loss = cross_entropy(logits, labels, label_smoothing=label_smoothing)
    optimizer.backward(loss)
    optimizer.step(rate)
    return loss.detach(), logits.detach()


def measure(
    model: nn.Module, split: PlacedSplit | None, test_time: AugmentSpec | None = None
) -> tuple[float, float] | tuple[None, None]:
    """Mean loss and accuracy of a network on a split, as in prediction and in fp32; Nones for no split.

    Args:
        model: The network.
        split: What to measure it on.
        test_time: How images are varied, if the average over their variants is to answer.

    Raises:
        TrainingError: The loss is not finite.
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
        raise TrainingError(f"The validation loss must be finite; received {loss}. {REMEDY}")
    return loss / len(split.rows), int(torch.stack(right).sum()) / len(split.rows)


def require_finite(model: nn.Module) -> None:
    """See that the last update left no weight that is not finite; no loss would show it any more.

    Raises:
        TrainingError: A weight is not finite.
    """
    for name, weight in model.state_dict().items():
        if weight.is_floating_point() and not weight.isfinite().all():
            raise TrainingError(f"The weights must be finite; received others in {name}. {REMEDY}")


def _tell(callbacks: Sequence[Callback], event: str, *what: Any) -> None:
    """Tell every callback, even if one of them fails; the first failure is then raised."""
    failure: BaseException | None = None
    for callback in callbacks:
        try:
            getattr(callback, event)(*what)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failure = failure or error
    if failure:
        raise failure
