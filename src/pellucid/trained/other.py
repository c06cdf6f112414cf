"""Data other than a run's own: brought to its shape, their classes found among its own, held against what it knows."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.classes import find_class
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.rows import TABLE_SUFFIXES
from pellucid.errors import DataError, PellucidWarning
from pellucid.judge.evaluation import Beside
from pellucid.judge.look import look_of
from pellucid.run.record import RunRecord
from pellucid.spec.layers import times
from pellucid.trained.splits import Split
from pellucid.words import counted, some

COLUMNS = ("image_column", "label_column", "split_column", "group_column", "label_from")


def load_other(
    record: RunRecord, source: str | PathLike[str], *, progress: bool | None = None, **settings: Any
) -> DataSplits:
    """Data other than a run's own, whose image files are brought to its shape as its own were.

    Args:
        record: Of the run.
        source: Where the data are, as `load_data` takes it.
        progress: Show progress on stderr; unless given, only where that is a terminal.
        settings: Settings of `ReadSpec` that differ from the run's own. Columns that are not given are the run's own
            where the table has them, and else found by their names; the notes of the data say which.

    Returns:
        The data. Where they have no test split, the images that they have for training stand for it.

    Raises:
        DataError: The data cannot be found or used.
        SettingError: A setting breaks a rule.
    """
    from pellucid.data.load import load_data  # a run that only predicts need not wait for what loads data

    reading = record.reading.replace(test_split=None)
    own = {name: column for name in COLUMNS if name not in settings and (column := getattr(reading, name))}
    told = ", ".join(f"{column!r} for {name.removesuffix('_column')}" for name, column in own.items())
    try:
        data = load_data(source, reading, progress=progress, **settings)
        note = f"it is read by the columns that the run's own table was read by, {told}."
    except DataError:
        if not own:
            raise
        data = load_data(source, reading.replace(**dict.fromkeys(COLUMNS)), progress=progress, **settings)
        note = f"its columns are found by their names, as it lacks those of the run's own table, {told}."
    notes = [*data.notes, note] if own and Path(source).suffix.lower() in TABLE_SUFFIXES else [*data.notes]
    if not data.has_test:
        notes.append(f"there is no test split, so all {counted(len(data.train), 'image', separator=',')} are judged.")
        whence = {"location": data.location, "reading": data.reading}
        data = DataSplits(data.name, data.train, data.train, None, data.rejected, **whence)
    if resized := _resized(record, data):
        notes.append(resized)
    data.notes = tuple(notes)
    return data


def _resized(record: RunRecord, data: DataSplits) -> str:
    """How images of other sizes than the run's were brought to its shape; empty where there are none."""
    if not data.has_test or data.test.sizes is None:
        return ""
    others = (data.test.sizes != record.input_shape[:2]).any(axis=1)
    if not others.any():
        return ""
    first = times(tuple(data.test.sizes[others][0].tolist()))
    which = f"{counted(int(others.sum()), 'image', separator=',')} of another size, as of {first}"
    way = f"(--fit {record.reading.fit})"
    return f"{which}, {'was' if others.sum() == 1 else 'were'} brought to the run's {times(record.input_shape)} {way}."


def in_classes_of(record: RunRecord, dataset: ImageDataset) -> ImageDataset:
    """The same images with labels that count the classes of a run, among which their own are found by name.

    Raises:
        DataError: An image is of a class that the run does not know; near matches are suggested.
    """
    known = record.data.class_names
    if dataset.class_names == known:
        return dataset
    numbers = [find_class(name, known) for name in dataset.class_names]
    strange = [dataset.class_names[label] for label in np.unique(dataset.labels) if numbers[label] is None]
    if strange:
        received = some([f"{name}{_near(name, known)}" for name in strange])
        remedy = "Rename these classes, or leave their images out."
        raise DataError(f"The run knows the classes {some(known)}; received others: {received}. {remedy}")
    labels = np.array([number or 0 for number in numbers], np.int64)[dataset.labels]
    return replace(dataset, labels=labels, class_names=known)


def inverted(dataset: ImageDataset) -> ImageDataset:
    """The same images with dark and bright exchanged."""
    return replace(dataset, images=255 - dataset.images)


def tell_of_trained_on(training: Split, judged: ImageDataset) -> None:
    """Warn of images that the run was trained on, pixel by pixel, among those that it is judged on."""
    if known := int(np.isin(judged.image_hashes, training.dataset.image_hashes[training.rows]).sum()):
        of_all = f"{known:,} of {counted(len(judged), 'image', separator=',')} are images that the run was trained on"
        warnings.warn(f"{of_all}, pixel by pixel: the accuracy flatters.", PellucidWarning, stacklevel=3)


def beside(record: RunRecord, dataset: ImageDataset) -> Beside:
    """What a run is known to answer and to have seen, to hold other images against."""
    return Beside(
        test=record.results.test if record.results else None,
        mean_brightness=record.data.mean_brightness,
        trained_on=record.data.look,
        judged=look_of(dataset.images),
    )


def _near(name: str, known: Sequence[str]) -> str:
    folded = {other.casefold(): other for other in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {folded[near[0]]}?)" if near else ""
