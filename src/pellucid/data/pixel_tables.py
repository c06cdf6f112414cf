"""Tables of pixels: one image a row, one column a pixel, as MNIST is passed round in CSV."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

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
from pellucid.spec.image_reading import ImageReading, PlainReading
from pellucid.spec.reading import ReadSpec

NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][-+]?\d{1,2})?", re.ASCII)


class PixelTable(NamedTuple):
    """A table of pixels.

    Attributes:
        path: The file.
        columns: What its columns hold.
        split: The split that its rows stand in unless they say it, where its name says one.
    """

    path: Path
    columns: PixelColumns
    split: str | None


def pixel_tables(tables: Sequence[tuple[Path, str | None]], reading: ReadSpec) -> tuple[PixelTable, ...]:
    """Tables with their splits as tables of pixels; nothing where they are none.

    Raises:
        DataError: Some are and some are not, or their images have several shapes.
    """
    found = [(path, pixel_columns(path, reading), split) for path, split in tables]
    made = tuple(PixelTable(path, columns, split) for path, columns, split in found if columns)
    if made and len({columns.shape if columns else None for _, columns, _ in found}) > 1:
        told = {path.name: columns.told if columns else "is no table of pixels." for path, columns, _ in found}
        seen = " ".join(f"{name}: {what}" for name, what in told.items())
        raise DataError(f"{tables[0][0].parent}: tables must hold images of one shape; received {seen} Name one.")
    return made


def read_pixel_tables(
    name: str,
    tables: Sequence[PixelTable],
    reading: ReadSpec,
    location: str,
    on_progress: OnProgress,
) -> DataSplits:
    """Read tables of pixels with labels.

    Args:
        name: What the data set is called.
        tables: The tables, whose images have one shape.
        reading: How many rows may be unusable, and whether groups were asked for.
        location: What the user called the data.
        on_progress: Told what is being done, of how many rows, and how many more are done.

    Raises:
        DataError: A table cannot be read, or its rows give no images or classes.
    """
    place = tables[0].path if len(tables) == 1 else tables[0].path.parent
    read = [
        _Read.of(table, reading, on_progress if len(tables) == 1 else _telling(table.path.name, on_progress))
        for table in tables
    ]
    rejected = [row for one in read for row in one.rows.rejected]
    labels = np.array([label for one in read for label in one.labels])
    classes_of(name, labels.tolist(), rejected)  # fails on what cannot be classes
    groups = [group for one in read for group in one.rows.cells.get("group", [""] * len(one.labels))]
    forms = one_form(groups)
    groups = [forms.get(group, group) for group in groups] if any(groups) else []
    placed = np.array([split for one in read for split in one.splits])
    if "train" not in placed:
        raise DataError(f"{place}: there are no images to train on.")
    group_column = next(
        (names["group"] for names in (table.columns.names for table in tables) if "group" in names), None
    )
    notes = groups_notes(place, group_column, reading, zip(groups, placed.tolist(), strict=False))
    sources = [source for one in read for source in one.rows.sources]
    own = {split: np.flatnonzero(placed == split) for split in SPLITS if split in placed}
    found = {split: (_images(read, split), labels[where]) for split, where in own.items()}
    made = splits_of(place, name, found, location, reading)

    def described(dataset: ImageDataset, split: str) -> ImageDataset:
        whose = tuple(groups[row] for row in own[split]) if groups else None
        return replace(dataset, sources=tuple(sources[row] for row in own[split]), groups=whose)

    return DataSplits(
        name,
        described(made.train, "train"),
        described(made.test, "test") if made.has_test else None,
        described(made.validation, "validation") if made.validation else None,
        rejected,
        location=made.location,
        reading=made.reading,
        notes=[tables[0].columns.told, *_told(tables), *made.notes, *notes],
    )


@dataclass(frozen=True, eq=False)
class _Read:
    """The rows of one table, with the label and the split of each."""

    rows: PixelRows
    labels: list[str]
    splits: list[str]

    @classmethod
    def of(cls, table: PixelTable, reading: ReadSpec, on_progress: OnProgress) -> _Read:
        path, columns, split = table
        rows = read_pixel_rows(path, columns, on_progress)
        _refuse_too_many(path, rows, reading)
        said = rows.cells.get("split") or [""] * len(rows.numbers)
        splits = [split_of(text, where) or split or "train" for text, where in zip(said, rows.sources, strict=True)]
        return cls(rows, [_plain(label) for label in rows.cells["label"]], splits)

    def images(self, split: str) -> Shaped[ndarray, "count height width channels"]:
        where = np.array(self.splits) == split
        return self.rows.images if where.all() else self.rows.images[where]


def _images(read: Sequence[_Read], split: str) -> Shaped[ndarray, "count height width channels"]:
    """The images of a split, which are copied only where they lie in several tables."""
    images = [one.images(split) for one in read if split in one.splits]
    return images[0] if len(images) == 1 else np.concatenate(images)


def _telling(name: str, on_progress: OnProgress) -> OnProgress:
    return lambda what, total, done: on_progress(f"{what} of {name}", total, done)


def _told(tables: Sequence[PixelTable]) -> list[str]:
    """Which split each table was taken for, by its name."""
    named = ", ".join(f"{path.name} is {split}" for path, _, split in tables if split)
    return [f"the tables are splits by their names: {named}."] if named else []


def read_for_answers(path: Path, input_shape: tuple[int, int, int], reading: ImageReading | None = None) -> PixelRows:
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
    reading = reading or PlainReading(value_range="full")
    end = reading.label_column if reading.label_column in {FIRST, LAST} else None
    shape = ReadSpec(image_size=(height, width), channels=3 if channels == 3 else 1, label_column=end)
    columns = pixel_columns(path, shape, labelled=False)
    if columns is None or columns.shape != input_shape:
        rule = f"a table must have a column for each of the {height * width * channels} values of an image"
        raise DataError(f"{path}: {rule}, {height}x{width}x{channels}, to be answered for; this one has not.")
    rows = read_pixel_rows(path, replace(columns, kinds={}), lambda *_: None)
    images, _, notes = images_of(path, {"train": rows.images}, ReadSpec(value_range=reading.value_range))
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
