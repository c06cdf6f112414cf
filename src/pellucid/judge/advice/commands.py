"""Remedies as commands to copy."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from pellucid.run.record import RunRecord
from pellucid.spec.model import FactorySpec
from pellucid.spec.recipes import RECIPES, recipe
from pellucid.spec.shorthand import write
from pellucid.spec.train import TrainSpec

TOLD = ("epochs", "batch_size", "learning_rate", "label_smoothing", "seed")  # settings that are one number


def command(*words: str) -> str:
    """Words as a line for a shell."""
    return shlex.join(words)


def data_of(record: RunRecord) -> str:
    """The data of a run as commands take them."""
    return record.data.location or record.data.name


def train_again(record: RunRecord, options: Mapping[str, str]) -> str:
    """The command that trains the same network on the same data, with further options.

    Settings that are one number are told where they are not the recipe's own; how files were read is not.

    Args:
        record: Of the run.
        options: Options with their values; they take the place of the run's own.
    """
    network = network_of(record)
    usual = _usual(record)
    own = {
        f"--{name.replace('_', '-')}": f"{value:g}"
        for name in TOLD
        if (value := getattr(record.train, name)) != getattr(usual, name)
    }
    given = [word for option in (own | dict(options)).items() for word in option]
    return command("pellucid", "train", data_of(record), *network, *given)


def learning_rate_study(record: RunRecord) -> str:
    """The command that looks for a learning rate."""
    return command("pellucid", "study", "learning-rate", data_of(record), *network_of(record))


def network_of(record: RunRecord) -> tuple[str, ...]:
    """The options that name a run's network: its recipe, or what was built."""
    if record.recipe in RECIPES:
        return ("--recipe", record.recipe)
    model = record.model
    return ("--model", model.factory if isinstance(model, FactorySpec) else write(model.layers))


def _usual(record: RunRecord) -> TrainSpec:
    if record.recipe not in RECIPES:
        return TrainSpec()
    return recipe(record.recipe, record.input_shape, record.model.classes).train
