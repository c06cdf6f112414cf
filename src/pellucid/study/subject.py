"""What a study trains: a recipe, and what a study needs of one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from pellucid.data.dataset import DataSplits
from pellucid.errors import Fault, PellucidWarning, ResumeError, RunError, SettingError
from pellucid.run.folder import SAVED, RunFolder
from pellucid.spec.recipes import Recipe
from pellucid.train.callbacks import Callback
from pellucid.train.fit import fit
from pellucid.train.placed import splits_to_train_on
from pellucid.train.resume import resume
from pellucid.trained.run import Run

ORPHAN_SECONDS = 30.0  # that a process of a killed study may take to notice it and to end


def trained(
    subject: Recipe,
    data: DataSplits,
    folder: RunFolder,
    *,
    device: str = "auto",
    callbacks: Sequence[Callback] = (),
    **settings: Any,
) -> Run:
    """Train a recipe once, from where another process left that training, if one did, and to the same bits.

    Args:
        subject: What is trained.
        data: The data to train on.
        folder: Where it is trained; what is in it was begun with the same arguments.
        device: The device to train on.
        callbacks: Hear of the training as it goes.
        settings: Further settings of `fit`; those of training stand in place of the subject's.

    Raises:
        KeyboardInterrupt: The user asked to stop, if only when there was nothing left to stop.

    Warns:
        PellucidWarning: The training that was begun cannot be gone on with, and is made anew.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", SAVED)  # the study says how it is gone on with
        run = _gone_on(folder, data, device, callbacks)
        if run is None:
            how = {"device": device, "progress": False, **({"callbacks": callbacks} if callbacks else {})}
            run = fit(data, recipe=subject, out=folder, **how, **settings)
    if run.asked_to_stop:
        raise KeyboardInterrupt
    return run


def _gone_on(folder: RunFolder, data: DataSplits, device: str, callbacks: Sequence[Callback]) -> Run | None:
    """The training that another process began; None where none did, or it cannot be gone on with."""
    if not folder.path.exists():
        return None
    with folder.checkpoints.locked(ORPHAN_SECONDS):
        pass
    try:
        if folder.read_record().status == "done":
            run = Run.load(folder, device=device)
            run.data = data
            return run
        return resume(folder, data=data, callbacks=callbacks, progress=False)
    except ResumeError as error:
        warnings.warn(f"A trial is made anew. {error}", PellucidWarning, stacklevel=2)
    except RunError:
        if (folder.path / "run.json").exists() and folder.checkpoints:
            raise
    folder.give_way()
    return None


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
