"""Going on with a training that was interrupted or killed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from os import PathLike, fspath

import torch
from torch import nn

from pellucid.data.dataset import DataSplits
from pellucid.device import choose_device, enough_memory, place, threads
from pellucid.errors import PellucidWarning, ResumeError, RunError
from pellucid.machine import keep_freed_memory
from pellucid.model.terms import terms_of
from pellucid.model.trust import require_trust
from pellucid.run.contents import EVALUATION
from pellucid.run.folder import RunFolder, find_run, list_runs, taken_up
from pellucid.run.record import Environment, RunRecord
from pellucid.run.resolver import LATEST, RUNS
from pellucid.train.callbacks import Callback
from pellucid.train.checkpoint import Checkpoint
from pellucid.train.choice import build_chosen, build_fresh
from pellucid.train.course import Course
from pellucid.train.describe import describe_environment
from pellucid.train.further import train_further
from pellucid.train.members import Training
from pellucid.train.placed import splits_to_train_on
from pellucid.train.start import freeze_layers
from pellucid.trained.data import load_own, require_unchanged
from pellucid.trained.run import Run
from pellucid.untrusted import trusting


def resume(
    path: str | PathLike[str] = LATEST,
    *,
    data: DataSplits | None = None,
    model: Callable[..., nn.Module] | None = None,
    epochs: int | None = None,
    inexact: bool = False,
    trust: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> Run:
    """Go on with a training that was interrupted or killed, from where it was last put down.

    The run is then the one that a training in one go gives, bit for bit, but for times. That holds where what its bits
    depend on is the same: the data, the version of torch, the device and its kind; the number of threads is set to what
    it was. A module of the user's own that keeps what is not in its ``state_dict`` is the exception.

    With ``epochs`` a run that is done is trained further, which is another training; see `train_further`.

    Args:
        path: A run folder, a name below ``runs/``, or ``latest``: the one of those that are not done, or with
            ``epochs`` are done, begun last.
        data: The data that it was trained on; loaded again from where they were unless given.
        model: The callable that made the network, where it cannot be imported by its name.
        epochs: For a run that is done: how many epochs it is to have then, more than it has.
        inexact: Go on even where the bits will be others; run.json then says what was different.
        trust: Whether the run may name code that makes its network, which is imported and run.
        callbacks: Hear of the training as it goes; `Plan.made` says how far it has come.
        progress: Show the progress on stderr; unless given, only where that is a terminal.

    Returns:
        The trained run.

    Raises:
        RunError: There is no such run, it is done (without ``epochs``) or is not (with them), another process trains
            it, or it names code.
        ResumeError: The checkpoints are damaged, or the bits would be others.
        SettingError: The epochs are not more than the run has.
        DataError: The data are not here, or have changed.
        DeviceError: The machine does not offer the device or precision.
        TrainingError: The loss is not finite, or a module of the user's failed.

    Warns:
        PellucidWarning: A checkpoint is damaged, and an earlier one was taken.
    """
    clock = time.perf_counter()
    if epochs is not None:
        return train_further(path, epochs, data=data, model=model, trust=trust, callbacks=callbacks, progress=progress)
    folder = _unfinished(fspath(path))
    with taken_up(folder):
        _require_unfinished(folder)
        record, checkpoint = _put_down(folder)
        with trusting(trust or model is not None):
            require_trust(record.model, folder.path)
        data = data or load_own(record)
        require_unchanged(record, data)
        device = choose_device(record.environment.device)
        keep_freed_memory()
        cuda = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda), enough_memory():
            network = place(_rebuilt(model, record, checkpoint), device)
        with threads(record.environment.threads):
            memory_format = terms_of(network).memory_format
            now = describe_environment(device, record.environment.precision, memory_format)
            if differences := _differences(record.environment, now):
                if not inexact:
                    rule = (
                        f"{folder.path} would go on to other bits, as here is another {'; another '.join(differences)}"
                    )
                    raise ResumeError(f"{rule}. Give --inexact (inexact=True) to go on all the same.")
                record = record.model_copy(update={"environment": now, "inexact": (*record.inexact, *differences)})
            training = Training(network, record.train, record.environment.precision)
            if checkpoint:
                _take_up(training, checkpoint, folder)
            splits, before = splits_to_train_on(data, record.train), checkpoint.seconds if checkpoint else 0.0
            course = Course(training, record, data, splits, device, folder=folder, before=before)
            return course.run(callbacks, progress, clock)


def _unfinished(name: str) -> RunFolder:
    """The folder of a run that is not done.

    Raises:
        RunError: There is none.
    """
    if name != LATEST:
        folder = find_run(name)
        _require_unfinished(folder)
        return folder
    found = [path for path, record in list_runs()[0] if record.status != "done"]
    if not found:
        raise RunError(f"There is no run below {RUNS}/ that is not done.")
    return RunFolder(found[-1])


def _require_unfinished(folder: RunFolder) -> None:
    record = folder.read_record()
    if record.status == "done":
        folder.tidy()
        judged = (folder.path / EVALUATION).exists()
        see = f"See: pellucid evaluate {folder.path}" if judged else f"Judge it with: pellucid evaluate {folder.path}"
        more = f"For more epochs: pellucid train --resume {folder.path} --epochs {record.train.epochs + 1}"
        raise RunError(f"{folder.path} is done: there is nothing left to train. {see}. {more}")


def _put_down(folder: RunFolder) -> tuple[RunRecord, Checkpoint | None]:
    """What a training is gone on from; no checkpoint where it was killed before the first one.

    Raises:
        ResumeError: There is none, or none that is whole.
    """
    raw, damaged = folder.checkpoints.latest()
    names = ", ".join(place.name for place in damaged)
    if raw is None:
        record = folder.read_record()
        if damaged:
            raise ResumeError(
                f"{folder.path} cannot be gone on with: damaged are {names}. Train anew with --overwrite."
            )
        if record.further:
            raise ResumeError(f"{folder.path} cannot be gone on with: it has no checkpoint. Train anew.")
        if record.status != "running":
            raise ResumeError(f"{folder.path} was interrupted by a version that left no checkpoint. Train anew.")
        return record, None
    if damaged:
        warnings.warn(f"Damaged, so that an earlier checkpoint is taken: {names}", PellucidWarning, stacklevel=3)
    checkpoint = Checkpoint.from_bytes(raw)
    return checkpoint.record, checkpoint


def _rebuilt(model: Callable[..., nn.Module] | None, record: RunRecord, checkpoint: Checkpoint | None) -> nn.Module:
    """The network as its training began; where a checkpoint has its weights, the run it began from is not needed."""
    if checkpoint is None:
        return build_chosen(model, record.model, record.train, record.data.class_names).network
    network = build_fresh(model, record.model, record.train)
    freeze_layers(network, record.origin)
    return network


def _take_up(training: Training, checkpoint: Checkpoint, folder: RunFolder) -> None:
    try:
        training.take_up(checkpoint.tensors, checkpoint.facts)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ResumeError(f"The checkpoint of {folder.path} is of another network ({reason}).") from None


def _differences(before: Environment, now: Environment) -> list[str]:
    """What the bits of a training depend on and is another than before, in words."""
    pairs = {
        "version of torch": (before.versions.get("torch"), now.versions.get("torch")),
        "kind of device": (before.device_name, now.device_name),
        "order of the channels": (before.memory_format, now.memory_format),
    }
    return [f"{what}: {then}, now {here}" for what, (then, here) in pairs.items() if then != here]
