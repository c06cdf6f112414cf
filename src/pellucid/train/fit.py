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

from pellucid.data.dataset import DataSplits
from pellucid.device import cap_gpu_memory, choose_device, choose_precision, enough_memory, place
from pellucid.errors import PellucidWarning
from pellucid.machine import keep_freed_memory
from pellucid.model.terms import terms_of
from pellucid.run.folder import RunFolder, new_run
from pellucid.run.record import RunRecord
from pellucid.spec.train import TrainSettings
from pellucid.train.callbacks import Callback
from pellucid.train.choice import AnyRecipe, Model, build_chosen, choose, multiply_adds
from pellucid.train.course import Course
from pellucid.train.describe import describe_data, describe_environment
from pellucid.train.loss import class_weights
from pellucid.train.members import Training
from pellucid.train.placed import splits_to_train_on
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

    Ctrl-C, or the signal TERM or HUP, ends the training after the update under way; the run is then complete but for
    its status, ``interrupted``. A second one stops at once. In a folder the training is put down at the ends of epochs
    and every half minute, so that `resume` goes on with it to the same bits, whatever ended the process.

    Args:
        data: The data set.
        model: A specification, shorthand, the path of a JSON file, ``package.module:factory``, or any callable that
            returns a `torch.nn.Module`. The recipe's network unless given.
        recipe: Gives the network and the settings that are not given: a name, the path of a .json file of a recipe,
            or a `Recipe`. When there is no model either, that of the run to start from, or else ``fast``; a model
            without a recipe is trained with the defaults of `TrainSpec`.
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
        RunError: The folder exists, or cannot be written; or the run to start from is not there as it was.
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
        network, origin = build_chosen(model, model_spec, train_spec, data.class_names)
        network = place(network, chosen_device)
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
        origin=origin,
        class_weights=class_weights(train_spec, splits["train"].labels, data.class_names),
    )
    training = Training(network, train_spec, chosen_precision)
    with _folder(out, overwrite, numbered) as folder:
        course = Course(training, record, data, splits, chosen_device, folder=folder)
        return course.run(callbacks, progress, clock)


def _folder(
    out: str | PathLike[str] | None, overwrite: bool, numbered: bool
) -> AbstractContextManager[RunFolder] | AbstractContextManager[None]:
    return new_run(Path(out), overwrite=overwrite, numbered=numbered) if out else contextlib.nullcontext()
