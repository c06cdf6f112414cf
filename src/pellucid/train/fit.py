"""From data and specifications to a trained run."""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

import torch
from torch import nn

from pellucid.data.batches import DeviceImages
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.splits import hold_out
from pellucid.device import (
    MEMORY_FORMAT,
    cap_gpu_memory,
    choose_device,
    choose_precision,
    device_name,
    enough_memory,
    keep_freed_memory,
    peak_memory_mib,
    place,
    repeatable,
    versions,
)
from pellucid.errors import DataError, Fault, SpecError
from pellucid.model.build import build
from pellucid.model.factory import build_from_factory
from pellucid.model.vote import Vote, members_of
from pellucid.run.folder import RunFolder, new_run
from pellucid.run.record import DataRecord, Environment, Results, RunRecord, Score
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.model import FactorySpec, ModelSpec, read_model
from pellucid.spec.recipes import recipe as named_recipe
from pellucid.spec.recipes import title_of
from pellucid.spec.train import TrainSettings, TrainSpec
from pellucid.train.callbacks import Callback, HistoryWriter
from pellucid.train.interrupt import interruptible
from pellucid.train.loop import Outcome, Rows, Split, measure, train
from pellucid.train.progress import ProgressBar
from pellucid.train.trained import Run
from pellucid.version import __version__

Model = ModelSpec | FactorySpec | str | Callable[..., nn.Module]
DEFAULT_RECIPE = "fast"


def fit(
    data: DataSplits,
    *,
    model: Model | None = None,
    recipe: str | None = None,
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
        recipe: Gives the network and the settings that are not given: a name, or the path of a .json file with a
            ``model`` and a ``train`` specification. ``fast`` when there is no model either; a model without a recipe
            is trained with the defaults of `TrainSpec`.
        out: Folder to write the run to; nothing is written unless given.
        overwrite: Let the run replace an older one in that place; files there that are not Pellucid's stay.
        numbered: Where the folder exists, write to the next name that is free: NAME-2, NAME-3, …
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: Of the activations: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        gpu_memory_mib: The most that torch may take of a GPU's memory.
        callbacks: Hear of the training as it goes.
        progress: Show it on stderr; unless given, only where that is a terminal.
        settings: Settings of `TrainSpec` that differ from the recipe's.

    Returns:
        The trained run.

    Raises:
        SpecError: The model or a setting breaks a rule; all faults are named.
        DataError: The data cannot be split as asked.
        DeviceError: The machine does not offer the device or precision.
        RunError: The folder exists, or cannot be written.
        TrainingError: The loss is not finite.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    name, model_spec, train_spec = choose(data, model, recipe, settings)
    chosen_device = choose_device(device)
    chosen_precision = choose_precision(precision, chosen_device, multiply_adds(model_spec) * train_spec.batch_size)
    if gpu_memory_mib is not None:
        cap_gpu_memory(chosen_device, gpu_memory_mib)
    keep_freed_memory()
    splits = split_data(data, train_spec)
    counts = {name: len(rows) for name, (_, rows) in splits.items()}
    record = RunRecord(
        pellucid_version=__version__,
        status="running",
        started=started.isoformat(),
        recipe=name,
        model=model_spec,
        train=train_spec,
        data=describe_data(data, counts),
        environment=describe_environment(chosen_device, chosen_precision),
    )
    with _folder(out, overwrite, numbered) as folder, interruptible() as stop:
        if folder:
            folder.write_record(record)
            callbacks = [HistoryWriter(folder), *callbacks]
        if progress or (progress is None and ProgressBar.is_welcome()):
            callbacks = [ProgressBar(), *callbacks]
        cuda = [chosen_device] if chosen_device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda), repeatable(), enough_memory():
            network = place(_build(model, model_spec, train_spec), chosen_device)
            placed = place_splits(splits, chosen_device)
            training = time.perf_counter()
            came_to = train(
                network,
                placed["train"],
                placed.get("validation"),
                train_spec,
                precision=chosen_precision,
                callbacks=callbacks,
                stop=stop,
            )
            finished = time.perf_counter()
            network = _trained_members(network, train_spec, came_to)
            validation = _validation(network, placed.get("validation"), came_to, train_spec.test_time_augmentation)
        record = _finish(record, came_to, finished - training, time.perf_counter() - clock, validation)
        kept = train_spec.replace(vote=len(members_of(network)))
        record = record.model_copy(update={"train": kept})
        run = Run(network, record, chosen_device, history=came_to.history, folder=folder, data=data)
        run.asked_to_stop = stop.requested
        if folder:
            run.write(folder)
            if came_to.interrupted:
                folder.keep_replaced()
    return run


def choose(
    data: DataSplits, model: Model | None, recipe: str | None, settings: TrainSettings
) -> tuple[str, ModelSpec | FactorySpec, TrainSpec]:
    """What is to be trained, and how: the name of it, the network and the settings.

    Raises:
        SpecError: The model does not fit the data, or a setting breaks a rule; all faults are named.
        DataError: There are fewer than two classes.
    """
    shape, classes = data.train.input_shape, len(data.class_names)
    if classes < 2:
        raise DataError(f"A classifier needs at least 2 classes; {data.name} has {classes}.")
    if model is None:
        recipe = recipe or DEFAULT_RECIPE
    chosen = named_recipe(recipe, shape, classes, len(data.train)) if recipe else None
    train_spec = (chosen.train if chosen else TrainSpec()).replace(**settings)
    if model is None and chosen:
        return title_of(recipe or ""), chosen.model, train_spec
    return title_of(recipe or "custom"), _specify(model, shape, classes), train_spec


def _specify(model: Any, shape: tuple[int, int, int], classes: int) -> ModelSpec | FactorySpec:
    if isinstance(model, str):
        model = read_model(model, shape, classes)
    if isinstance(model, ModelSpec | FactorySpec):
        model.check(shape, classes)
        return model
    if isinstance(model, nn.Module) or not callable(model):
        rule = "model must be a specification, a text, or a callable that makes a torch.nn.Module"
        raise SpecError([Fault(rule, f"a {type(model).__name__}", "Give lambda: YourModule(...).")])
    name = f"{getattr(model, '__module__', '?')}:{getattr(model, '__qualname__', type(model).__qualname__)}"
    return FactorySpec(factory=name, input_shape=shape, classes=classes)


def multiply_adds(model: ModelSpec | FactorySpec) -> int:
    """For one image; 0 for a network of the user's own code."""
    return sum(step.multiply_adds for step in model.walk()) if isinstance(model, ModelSpec) else 0


def _build(model: Any, spec: ModelSpec | FactorySpec, train: TrainSpec) -> nn.Module:
    if isinstance(spec, ModelSpec) or isinstance(model, str | FactorySpec):
        return build(spec, train.seed, train.vote)
    if train.vote > 1:
        return Vote.of(lambda seed: build_from_factory(model, spec, seed), train.seed, train.vote)
    return build_from_factory(model, spec, train.seed)


def split_data(data: DataSplits, spec: TrainSpec) -> dict[str, tuple[ImageDataset, Rows]]:
    """The training and the validation split, each as the rows of a data set."""
    whole = torch.arange(len(data.train))
    if spec.validation_split is None:
        return {"train": (data.train, whole)}
    if data.validation is not None:
        return {"train": (data.train, whole), "validation": (data.validation, torch.arange(len(data.validation)))}
    kept, held_out = hold_out(data.train, spec.validation_split, spec.seed)
    return {"train": (data.train, torch.from_numpy(kept)), "validation": (data.train, torch.from_numpy(held_out))}


def place_splits(splits: dict[str, tuple[ImageDataset, Rows]], device: torch.device) -> dict[str, Split]:
    """The splits on the device; images that two of them share go there once."""
    datasets = {id(dataset): dataset for dataset, _ in splits.values()}
    on_device = {key: DeviceImages(dataset, device) for key, dataset in datasets.items()}
    return {name: Split(on_device[id(dataset)], rows.to(device)) for name, (dataset, rows) in splits.items()}


def _folder(
    out: str | PathLike[str] | None, overwrite: bool, numbered: bool
) -> AbstractContextManager[RunFolder] | AbstractContextManager[None]:
    return new_run(Path(out), overwrite=overwrite, numbered=numbered) if out else contextlib.nullcontext()


def describe_data(data: DataSplits, counts: dict[str, int]) -> DataRecord:
    """What a run folder says of its data."""
    return DataRecord(
        name=data.name,
        fingerprint=data.train.fingerprint,
        validation_fingerprint=data.validation.fingerprint if data.validation else None,
        counts=counts,
        class_names=data.class_names,
        mean_brightness=data.train.mean_brightness,
        location=data.location,
        reading=data.reading,
    )


def describe_environment(device: torch.device, precision: str) -> Environment:
    """What a run folder says of the machine."""
    return Environment(
        versions=versions(),
        platform=platform.platform(),
        device=str(device),
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        precision=precision,
        memory_format=MEMORY_FORMAT,
    )


def _trained_members(network: nn.Module, spec: TrainSpec, came_to: Outcome) -> nn.Module:
    """Without those members of a vote that an interruption kept from their last epoch, and without their history.

    At least the first remains.
    """
    trained = max(1, len(came_to.history.epochs) // spec.epochs)
    members = members_of(network)
    if trained >= len(members):
        return network
    del came_to.history.epochs[trained * spec.epochs :]
    return Vote(members[:trained]) if trained > 1 else members[0]


def _validation(
    network: nn.Module, split: Split | None, came_to: Outcome, test_time: AugmentSpec | None
) -> Score | None:
    """The score after the last epoch as the run answers: the history has it, but for votes and augmented answers."""
    if came_to.interrupted:
        return None
    last = came_to.history.epochs[-1]
    as_trained = not test_time and not isinstance(network, Vote)
    loss, accuracy = (last.val_loss, last.val_accuracy) if as_trained else measure(network, split, test_time)
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
    )
    status = "interrupted" if came_to.interrupted else "done"
    return record.model_copy(update={"status": status, "results": results})
