"""From data and specifications to a trained run."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Unpack

import torch
from torch import nn

from pellucid.data.dataset import DataSplits
from pellucid.device import cap_gpu_memory, choose_device, choose_precision, enough_memory, place, repeatable
from pellucid.errors import PellucidWarning
from pellucid.machine import keep_freed_memory, peak_memory_mib
from pellucid.model.terms import terms_of
from pellucid.model.vote import Vote, members_of
from pellucid.predict.predictor import Predictor
from pellucid.run.folder import RunFolder, new_run
from pellucid.run.record import Results, RunRecord, Score
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.train import TrainSettings
from pellucid.train.callbacks import Callback, HistoryWriter, Outcome, Patience
from pellucid.train.choice import AnyRecipe, Model, build_chosen, choose, multiply_adds
from pellucid.train.describe import describe_data, describe_environment
from pellucid.train.interrupt import interruptible
from pellucid.train.loop import measure
from pellucid.train.members import train_members
from pellucid.train.placed import PlacedSplit, place_splits, splits_to_train_on
from pellucid.train.progress import ProgressBar
from pellucid.trained.run import Run
from pellucid.version import __version__

PROBABILITIES = (
    "{} must give logits; what it gives are probabilities (not below 0, with a sum of 1). Softmax is applied to the"
    " output in training and in prediction, and a second one hinders learning. Leave the softmax at its end out."
)


def fit(
    data: DataSplits,
    *,
    model: Model | None = None,
    recipe: AnyRecipe | None = None,
    out: str | PathLike[str] | None = None,
    overwrite: bool = False,
    numbered: bool = False,
    device: str = "auto",
    precision: str = "auto",
    gpu_memory_mib: int | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
    **settings: Unpack[TrainSettings],
) -> Run:
    """Train a network on the training images of a data set. The test split is not touched.

    Ctrl-C ends the training after the update under way; the run is then complete but for its status,
    ``interrupted``. A second Ctrl-C stops at once and leaves nothing.

    Args:
        data: The data set.
        model: A specification, shorthand, the path of a JSON file, ``package.module:factory``, or any callable that
            returns a `torch.nn.Module`. The recipe's network unless given.
        recipe: Gives the network and the settings that are not given: a name, the path of a .json file of a recipe,
            or a `Recipe`. ``fast`` when there is no model either; a model without a recipe is trained with the
            defaults of `TrainSpec`.
        out: Folder to write the run to; nothing is written unless given.
        overwrite: Let the run replace an older one in that place; files there that are not Pellucid's stay.
        numbered: Where the folder exists, write to the next name that is free: NAME-2, NAME-3, …
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: Precision of the activations: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        gpu_memory_mib: The most that torch may take of a GPU's memory.
        callbacks: Hear of the training as it goes.
        progress: Show the progress on stderr; unless given, only where that is a terminal.
        settings: Settings of `TrainSpec` that differ from the recipe's.

    Returns:
        The trained run.

    Raises:
        SpecError: The model or a setting breaks a rule; all faults are named.
        DataError: The data cannot be split as asked.
        DeviceError: The machine does not offer the device or precision.
        RunError: The folder exists, or cannot be written.
        TrainingError: The loss is not finite, or a module of the user's failed.

    Warns:
        PellucidWarning: A module of the user's gives probabilities in place of logits, or a class is too small to have
            an image in the validation split.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    chosen = choose(data, model=model, recipe=recipe, **settings)
    model_spec, train_spec = chosen.model, chosen.train
    chosen_device = choose_device(device)
    chosen_precision = choose_precision(precision, chosen_device, multiply_adds(model_spec) * train_spec.batch_size)
    if gpu_memory_mib is not None:
        cap_gpu_memory(chosen_device, gpu_memory_mib)
    keep_freed_memory()
    cuda = [chosen_device] if chosen_device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda), enough_memory():
        network = place(build_chosen(model, model_spec, train_spec), chosen_device)
    terms = terms_of(network)
    if terms.gives_probabilities:
        warnings.warn(PROBABILITIES.format(terms.factory), PellucidWarning, stacklevel=2)
    splits = splits_to_train_on(data, train_spec)
    counts = {split: len(images) for split, images in splits.items()}
    record = RunRecord(
        pellucid_version=__version__,
        status="running",
        started=started.isoformat(),
        recipe=chosen.name,
        model=model_spec,
        train=train_spec,
        data=describe_data(data, counts),
        environment=describe_environment(chosen_device, chosen_precision, terms.memory_format),
    )
    with _folder(out, overwrite, numbered) as folder, interruptible() as stop:
        if folder:
            folder.write_record(record)
            callbacks = [HistoryWriter(folder), *callbacks]
        if train_spec.patience:
            callbacks = [Patience(train_spec.patience, train_spec.epochs), *callbacks]
        if progress or (progress is None and ProgressBar.is_welcome()):
            callbacks = [ProgressBar(), *callbacks]
        with torch.random.fork_rng(devices=cuda), repeatable(), enough_memory():
            placed = place_splits(splits, chosen_device)
            training = time.perf_counter()
            network, came_to = train_members(
                network,
                placed["train"],
                placed.get("validation"),
                train_spec,
                record=record,
                precision=chosen_precision,
                callbacks=callbacks,
                stop=stop,
            )
            finished = time.perf_counter()
            validation = _validation(network, placed.get("validation"), came_to, train_spec.test_time_augmentation)
        record = _finish(record, came_to, finished - training, time.perf_counter() - clock, validation)
        kept = train_spec.replace(vote=len(members_of(network)))
        record = record.model_copy(update={"train": kept})
        predictor = Predictor(network, record, chosen_device)
        run = Run(predictor, history=came_to.history, folder=folder, data=data)
        run.asked_to_stop = stop.requested
        if folder:
            run.write(folder)
            if came_to.interrupted:
                folder.keep_replaced()
    return run


def _folder(
    out: str | PathLike[str] | None, overwrite: bool, numbered: bool
) -> AbstractContextManager[RunFolder] | AbstractContextManager[None]:
    return new_run(Path(out), overwrite=overwrite, numbered=numbered) if out else contextlib.nullcontext()


def _validation(
    network: nn.Module, split: PlacedSplit | None, came_to: Outcome, test_time: AugmentSpec | None
) -> Score | None:
    """The score after the last epoch as the run answers: the history has it, but for votes and augmented answers."""
    if came_to.interrupted:
        return None
    if came_to.ending == "finished" and not test_time and not isinstance(network, Vote):
        last = came_to.history.epochs[-1]
        loss, accuracy = last.val_loss, last.val_accuracy
    else:
        loss, accuracy = measure(network, split, test_time)
    return None if loss is None or accuracy is None else Score(loss=loss, accuracy=accuracy)


def _finish(
    record: RunRecord, came_to: Outcome, train_seconds: float, total_seconds: float, validation: Score | None
) -> RunRecord:
    results = Results(
        epochs=len(came_to.history.epochs),
        steps=came_to.steps,
        train_seconds=train_seconds,
        total_seconds=total_seconds,
        peak_memory_mib=peak_memory_mib(),
        validation=validation,
        stopped_early=came_to.ending == "stopped",
    )
    status = "interrupted" if came_to.interrupted else "done"
    return record.model_copy(update={"status": status, "results": results})
