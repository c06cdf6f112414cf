"""Tables of pixels: one image a row, one column a pixel, as MNIST is passed round in CSV."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from pellucid.data.array_values import images_of
from pellucid.data.arrays import splits_of
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.index import SPLITS
from pellucid.data.ingest import OnProgress
from pellucid.data.listing import classes_of, one_form, rejected_of, split_of
from pellucid.data.pixel_columns import FIRST, LAST, PixelColumns, pixel_columns
from pellucid.data.pixel_rows import PixelRows, read_pixel_rows
from pellucid.data.tables import groups_notes
from pellucid.errors import DataError, PellucidWarning
from pellucid.spec.reading import ReadSpec

NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][-+]?\d{1,2})?", re.ASCII)


def read_pixel_table(
    path: Path, columns: PixelColumns, reading: ReadSpec, location: str, on_progress: OnProgress
) -> DataSplits:
    """Read a table of pixels with labels.

    Args:
        path: The table.
        columns: What its columns hold, as `pixel_columns` finds it.
        reading: How many rows may be unusable, and whether groups were asked for.
        location: What the user called the data.
        on_progress: Told what is being done, of how many rows, and how many more are done.

    Raises:
        DataError: The table cannot be read, or its rows give no images or classes.
    """
    rows = read_pixel_rows(path, columns, on_progress)
    _refuse_too_many(path, rows, reading)
    labels = np.array([_plain(label) for label in rows.cells["label"]])
    classes_of(path.stem, labels.tolist(), rows.rejected)  # fails on what cannot be classes
    forms = one_form(rows.cells.get("group", ()))
    groups = [forms.get(group, group) for group in rows.cells.get("group", ())]
    splits = _splits(path, rows)
    notes = groups_notes(path, columns.names.get("group"), reading, zip(groups, splits, strict=False))
    own = {split: np.flatnonzero(np.array(splits) == split) for split in SPLITS if split in splits}
    images = {split: rows.images if len(where) == len(labels) else rows.images[where] for split, where in own.items()}
    found = {split: (images[split], labels[where]) for split, where in own.items()}
    made = splits_of(path, path.stem, found, location, reading)

    def described(dataset: ImageDataset, split: str) -> ImageDataset:
        whose = tuple(groups[row] for row in own[split]) if groups else None
        return replace(dataset, sources=tuple(rows.sources[row] for row in own[split]), groups=whose)

    return DataSplits(
        path.stem,
        described(made.train, "train"),
        described(made.test, "test") if made.has_test else None,
        described(made.validation, "validation") if made.validation else None,
        rows.rejected,
        location=made.location,
        reading=made.reading,
        notes=[columns.told, *made.notes, *notes],
    )


def _splits(path: Path, rows: PixelRows) -> list[str]:
    """The split of each row; those without one are to be trained on."""
    said = rows.cells.get("split") or [""] * len(rows.numbers)
    splits = [split_of(text, where) or "train" for text, where in zip(said, rows.sources, strict=True)]
    if "train" not in splits:
        raise DataError(f"{path}: there are no images to train on.")
    return splits


def read_for_answers(path: Path, input_shape: tuple[int, int, int], reading: ReadSpec | None = None) -> PixelRows:
    """Read a table of pixels to be answered for, with labels or without; the images are uint8.

    Args:
        path: The table.
        input_shape: (height, width, channels) that the images must have.
        reading: Its ``value_range`` says which values are black and white; its ``label_column``, where the labels of a
            table without header stand, ``first`` or ``last``.

    Raises:
        DataError: The table cannot be read, is none of pixels, or its images have another shape.
    """
    height, width, channels = input_shape
    reading = reading or ReadSpec(value_range="full")
    end = reading.label_column if reading.label_column in {FIRST, LAST} else None
    shape = ReadSpec(image_size=(height, width), channels=3 if channels == 3 else 1, label_column=end)
    columns = pixel_columns(path, shape, labelled=False)
    if columns is None or columns.shape != input_shape:
        rule = f"a table must have a column for each of the {height * width * channels} values of an image"
        raise DataError(f"{path}: {rule}, {height}x{width}x{channels}, to be answered for; this one has not.")
    rows = read_pixel_rows(path, replace(columns, kinds={}), lambda *_: None)
    images, _, notes = images_of(path, {"train": rows.images}, reading)
    for note in notes if reading.value_range not in {"auto", "full"} else ():  # of values that the run's range cuts off
        warnings.warn(f"{path}: {note}", PellucidWarning, stacklevel=2)
    return replace(rows, images=images["train"])


def _plain(label: str) -> str:
    """A label that is a whole number as such, however the table writes its numbers: 5 for 5.0 and 5.000e+00."""
    is_number = len(label) < 40 and NUMBER.fullmatch(label)
    return str(int(float(label))) if is_number and float(label).is_integer() else label


def _refuse_too_many(path: Path, rows: PixelRows, reading: ReadSpec) -> None:
    count = len(rows.numbers) + len(rows.rejected)
    if len(rows.rejected) > reading.max_bad * count:
        rule = f"{path}: at most {reading.max_bad:.1%} of the rows may be unusable"
        received = f"{len(rows.rejected)} of {count}: {rejected_of(rows.rejected)}"
        raise DataError(f"{rule}; received {received}. Mend them, or set --max-bad.")
