"""A run that is done, trained further: another training, which begins from the run's weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike, fspath

import torch
from torch import nn

from pellucid.data.dataset import DataSplits
from pellucid.device import choose_device, enough_memory, place, threads
from pellucid.errors import Fault, RunError, SettingError
from pellucid.machine import keep_freed_memory
from pellucid.model.terms import terms_of
from pellucid.model.trust import require_trust
from pellucid.predict.weights import load_weights
from pellucid.run.folder import GO_ON, RunFolder, find_run, whole_or_as_before
from pellucid.run.history import History
from pellucid.run.record import LEARNED, RunRecord
from pellucid.spec.train import TrainSpec
from pellucid.train.callbacks import Callback
from pellucid.train.checkpoint import Checkpoint
from pellucid.train.choice import build_fresh
from pellucid.train.course import Course
from pellucid.train.describe import describe_environment
from pellucid.train.learner import Progress, batches_of
from pellucid.train.members import Training
from pellucid.train.placed import splits_to_train_on
from pellucid.train.start import freeze_layers
from pellucid.trained.data import load_own, require_unchanged
from pellucid.trained.run import Run
from pellucid.untrusted import trusting

ANOTHER = (
    "training {} further, from {} epochs to {}: this is another training than one of {} epochs, as the optimizer begins"
    " anew, and so does the schedule ({}) over the epochs that are added"
)


def train_further(
    path: str | PathLike[str],
    epochs: int,
    *,
    data: DataSplits | None = None,
    model: Callable[..., nn.Module] | None = None,
    trust: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> Run:
    """Train a run that is done for more epochs, in its folder.

    This is another training than one that had so many epochs from the first: the optimizer begins with fresh sums, and
    the schedule runs anew over the epochs that are added, from the full learning rate where it falls. Orders and
    variants of images are drawn for the numbers of the new epochs. ``further`` in run.json tells where that was.
    The finished run is kept aside, as NAME-before-1 or the like, until the new one is whole.

    Args:
        path: A run folder, a name below ``runs/``, or ``latest``.
        epochs: How many epochs the run is to have then; of each network of a vote.
        data: The data that it was trained on; loaded again from where they were unless given.
        model: The callable that made the network, where it cannot be imported by its name.
        trust: Whether the run may name code that makes its network, which is imported and run.
        callbacks: Hear of the training as it goes.
        progress: Show the progress on stderr; unless given, only where that is a terminal.

    Raises:
        RunError: There is no such run, it is not done or is damaged, another process trains it, or it names code.
        SettingError: The epochs are not more than the run has.
        DataError: The data are not here, or have changed.
        TrainingError: The loss is not finite; the run is then as it was.

    Source: Loshchilov and Hutter 2016, arXiv:1608.03983, for schedules that begin anew.
    """
    clock = time.perf_counter()
    folder = find_run(fspath(path))
    with folder.locked():
        before, history = folder.read_record(), folder.read_history()
        require_further(before, folder, epochs)
        with trusting(trust or model is not None):
            require_trust(before.model, folder.path)
        data = data or load_own(before)
        require_unchanged(before, data)
        device = choose_device(before.environment.device)
        keep_freed_memory()
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), enough_memory():
            network = place(_network(model, before, folder), device)
        with threads(before.environment.threads):
            precision = before.environment.precision
            now = describe_environment(device, precision, terms_of(network).memory_format)
            record = _begun(before, epochs).model_copy(update={"environment": now})
            splits = splits_to_train_on(data, record.train)
            training = Training(network, record.train, precision)
            steps = len(batches_of(network, record.train, len(splits["train"])))
            training.made = _made(history, before.train, record.train, steps)
            seconds = before.results.train_seconds if before.results else 0.0
            folder.checkpoints.clear()  # of a process that was killed when all was done
            folder.keep_aside()
            with whole_or_as_before(folder):
                # First what it can be gone on with, and only then is the run one that is not done.
                checkpoint = Checkpoint(record, seconds, *training.state())
                folder.checkpoints.write(training.steps, checkpoint.to_bytes())
                course = Course(training, record, data, splits, device, folder=folder, before=seconds)
                return course.run(callbacks, progress, clock)


def require_further(record: RunRecord, folder: RunFolder, epochs: int) -> None:
    """See that a run can be trained to so many epochs.

    Raises:
        RunError: It is not done.
        SettingError: It has as many epochs, or more.
    """
    if record.status != "done":
        raise RunError(
            f"Only a run that is done is trained further; {folder.path} is {record.status}. {GO_ON.format(folder.path)}"
        )
    if epochs <= record.train.epochs:
        rule = f"To train {folder.path} further, epochs must be more than its {record.train.epochs}"
        raise SettingError([Fault(rule, str(epochs))])


def told(record: RunRecord, folder: RunFolder, epochs: int) -> str:
    """What is said of such a training before it begins."""
    return ANOTHER.format(folder.path, record.train.epochs, epochs, epochs, record.train.schedule.kind)


def _network(model: Callable[..., nn.Module] | None, record: RunRecord, folder: RunFolder) -> nn.Module:
    network = build_fresh(model, record.model, record.train)
    load_weights(network, folder, record.weights_sha256)
    freeze_layers(network, record.origin)
    return network


def _begun(record: RunRecord, epochs: int) -> RunRecord:
    """What run.json says when the training begins."""
    return record.model_copy(
        update={
            "status": "running",
            "train": record.train.replace(epochs=epochs),
            "further": (*record.further, record.train.epochs),
            **dict.fromkeys(LEARNED),
        }
    )


def _made(history: History, before: TrainSpec, now: TrainSpec, steps_per_epoch: int) -> list[Progress]:
    """How far each network has come, with its epochs numbered as in the longer training."""
    begun, steps = before.epochs, before.epochs * steps_per_epoch
    made = [Progress(member, begun=begun, epoch=begun + 1, steps=steps) for member in range(before.vote)]
    for row in history.epochs:
        member, epoch = divmod(row.epoch - 1, begun)
        made[member].epochs.append(replace(row, epoch=member * now.epochs + epoch + 1))
    return made
