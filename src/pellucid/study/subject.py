"""What a study trains: a recipe, and what a study needs of one."""

from __future__ import annotations

from typing import Any

from pellucid.data.dataset import DataSplits
from pellucid.errors import Fault, SettingError
from pellucid.spec.recipes import Recipe
from pellucid.train.fit import fit
from pellucid.train.placed import splits_to_train_on
from pellucid.trained.run import Run


def trained(subject: Recipe, data: DataSplits, **settings: Any) -> Run:
    """Train a recipe once.

    Args:
        subject: What is trained.
        data: The data to train on.
        settings: Settings of `fit`; those of training stand in place of the subject's.

    Raises:
        KeyboardInterrupt: The user asked to stop, if only when there was nothing left to stop.
    """
    run = fit(data, recipe=subject, **settings)
    if run.asked_to_stop:
        raise KeyboardInterrupt
    return run


def require_split(subject: Recipe, data: DataSplits) -> None:
    """See that the training images can be split as the subject asks.

    Raises:
        DataError: The training images cannot be split so.
    """
    splits_to_train_on(data, subject.train)


def require_validation(subject: Recipe, what: str) -> None:
    """See that images are held out to judge by.

    Args:
        subject: What is trained.
        what: The study, as an error calls it.

    Raises:
        SettingError: No images are held out to judge by.
    """
    if subject.train.validation_split is None:
        rule = f"{what} needs a validation split; validation_split must be given"
        raise SettingError([Fault(rule, "None", "Set it to 0.1 in the recipe, say.")])
