"""The learning-rate range test: a short training at rising learning rates, which leaves no trace."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Unpack

import numpy as np
import torch
from torch import nn

from pellucid.batches.images import shuffled
from pellucid.data.dataset import DataSplits
from pellucid.device import choose_device, choose_precision, enough_memory, place, repeatable, seed_generators
from pellucid.errors import Fault, SettingError, TrainingError
from pellucid.model.blame import blamed
from pellucid.model.frozen import in_training
from pellucid.spec.seeds import derive_seed
from pellucid.spec.train import TrainSettings, TrainSpec
from pellucid.study.settings import LearningRateSettings
from pellucid.train.choice import AnyRecipe, Model, build_chosen, choose, multiply_adds
from pellucid.train.learner import Learner, batches_of
from pellucid.train.loop import update
from pellucid.train.loss import loss_of
from pellucid.train.optimizers import Optimizer
from pellucid.train.placed import PlacedSplit, place_splits, splits_to_train_on

LOWEST, HIGHEST, UPDATES = (LearningRateSettings.model_fields[name].default for name in ("low", "high", "updates"))
SMOOTHING = 0.9  # share of the running mean that each update keeps
DIVERGED = 4.0  # times the lowest smoothed loss
SETTLED = 10  # updates after which the running mean is one
LEAST_UPDATES = 2 * SETTLED
WIDTH = 5.0  # of the smoothing of the curve: standard deviation in updates


@dataclass(frozen=True)
class RangeTest:
    """Loss against learning rate.

    Attributes:
        rates: Learning rate of each update, rising.
        losses: Mean loss of its mini-batch, before the update, in nats.
        smoothed: The losses, smoothed by a Gaussian over the updates.
        steepest: Learning rate at which the smoothed loss falls fastest against the logarithm of the rate.
        lowest: Learning rate of the lowest smoothed loss.
        diverged: Learning rate at which the loss had risen fourfold; None where it did not.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    steepest: float
    lowest: float
    diverged: float | None


def range_test(
    data: DataSplits,
    *,
    model: Model | None = None,
    recipe: AnyRecipe | None = None,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    updates: int = UPDATES,
    device: str = "auto",
    precision: str = "auto",
    **settings: Unpack[TrainSettings],
) -> RangeTest:
    """Train a fresh network at learning rates that rise until the loss explodes; one trial of a `LearningRateStudy`.

    Args:
        data: The data set; its training split is used, without what the recipe holds out.
        model: The network, as `fit` takes it.
        recipe: The recipe, as `fit` takes it.
        lowest: First learning rate.
        highest: Last learning rate.
        updates: How many, at least 20.
        device: Where to train, as `fit` takes it.
        precision: Precision of the activations, as `fit` takes it.
        settings: Settings of `TrainSpec` that differ from the recipe's: batch size, optimizer, label smoothing, seed.

    Raises:
        SettingError: The learning rates do not rise from above 0, or there are fewer than 20 updates.
        SpecError: The model or a setting breaks a rule; all faults are named.
        DataError: The data cannot be split as asked.
        DeviceError: The machine does not offer the device or precision.
        TrainingError: The loss explodes from the start.
    """
    if not 0 < lowest < highest:
        raise SettingError([Fault("lowest must be above 0 and below highest", f"{lowest:g} and {highest:g}")])
    if updates < LEAST_UPDATES:
        raise SettingError([Fault(f"updates must be at least {LEAST_UPDATES}", str(updates))])
    chosen = choose(data, model=model, recipe=recipe, **settings)
    spec, where = chosen.train, choose_device(device)
    activations = choose_precision(precision, where, multiply_adds(chosen.model) * spec.batch_size)
    with repeatable(), enough_memory():
        begun = build_chosen(model, chosen.model, spec.replace(vote=1), data.class_names)
        network = place(begun.network, where)
        images = place_splits(splits_to_train_on(data, spec), where)["train"]
        learner = Learner(network, spec, activations)
        return rising_rates(
            learner.trained,
            learner.optimizer,
            images,
            spec,
            lowest=lowest,
            highest=highest,
            updates=updates,
            precision=activations,
        )


def rising_rates(
    network: nn.Module,
    optimizer: Optimizer,
    images: PlacedSplit,
    spec: TrainSpec,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    updates: int = UPDATES,
    precision: str = "fp32",
) -> RangeTest:
    """Train a copy of a network at learning rates that rise by the same factor each time, until the loss explodes.

    The network, its batch normalisation, the optimizer and the generators of random numbers are afterwards as before,
    to the bit.

    Args:
        network: A network in training or a fresh one, on the device of the images.
        optimizer: The optimizer of that network.
        images: What to train on; augmentation is left out.
        spec: Gives batch size, label smoothing, class weights and seed.
        lowest: First learning rate.
        highest: Last learning rate.
        updates: How many, at least 20.
        precision: Precision of the activations.

    Raises:
        TrainingError: The loss explodes from the start, or a module of the user's failed.

    Source: Smith 2015, arXiv:1506.01186, section 3.3.
    """
    device = images.data.device
    rates, losses = [], []
    batches, loss_of_batch = batches_of(network, spec, len(images)), loss_of(spec, images)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        network, optimizer = copy.deepcopy((network, optimizer))
        in_training(network)
        rows = iter(())
        least, running, epoch = math.inf, 0.0, 0
        for step in range(updates):
            batch = next(rows, None)
            if batch is None:
                epoch += 1
                rows = iter(shuffled(images.rows, spec.seed, epoch).split(batches))
                batch = next(rows)
            rate = lowest * (highest / lowest) ** (step / (updates - 1))
            seed_generators(device, derive_seed(spec.seed, "range test", step))
            taken, labels = images.data.batch(batch)
            with blamed(network, TrainingError, taken, f"in step {step + 1}"):
                loss, _ = update(network, optimizer, taken, labels, rate, loss_of_batch, precision)
            value = float(loss)
            if not math.isfinite(value):
                break
            rates.append(rate)
            losses.append(value)
            running = SMOOTHING * running + (1 - SMOOTHING) * value
            smooth = running / (1 - SMOOTHING ** (step + 1))
            least = min(least, smooth)
            if step > SETTLED and smooth > DIVERGED * least:
                break
    if len(rates) < LEAST_UPDATES:
        raise TrainingError(f"The loss explodes from a learning rate of {lowest:g} on. Begin lower.")
    return _read(rates, losses, rates[-1] if len(rates) < updates else None)


def _read(rates: list[float], losses: list[float], diverged: float | None) -> RangeTest:
    """Find the lowest loss and the steepest fall before it, on a curve that is smoothed to both sides alike."""
    from scipy.ndimage import gaussian_filter1d

    smoothed = gaussian_filter1d(np.array(losses), WIDTH, mode="nearest")
    lowest = int(smoothed.argmin())
    # Rates rise by one factor, so that equal steps are equal ways on the logarithmic axis.
    steepest = int(np.gradient(smoothed)[: lowest + 1].argmin())
    return RangeTest(tuple(rates), tuple(losses), tuple(smoothed.tolist()), rates[steepest], rates[lowest], diverged)
