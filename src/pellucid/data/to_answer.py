"""Images that are to be answered for, wherever they are, one at a time, so that none need be held."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray

from pellucid.arrays import UInt8
from pellucid.data.decode import read_content
from pellucid.data.formats import ARCHIVE_SUFFIXES, is_image
from pellucid.data.listing import Content, natural_order
from pellucid.data.rows import CSV_SUFFIXES, TABLE_SUFFIXES, read_rows
from pellucid.errors import DataError, PellucidWarning
from pellucid.names import user_path
from pellucid.spec.image_reading import ImageReading
from pellucid.words import counted, some

ARRAYS = (".npy", ".npz")
MOST_NAMED = 5
Shape = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class ToAnswer:
    """An image that is to be answered for, or what kept it from being read.

    Attributes:
        name: What it is called.
        number: Its number in its table or array, from 1.
        place: The file, table, array or archive that it is in.
        pixels: uint8, [height, width, channels], as the network takes it; None where it could not be read.
        content: The bytes of its own file; None where it has none, as a row of a table.
        fault: What kept it from being read, as a sentence.
    """

    name: str
    number: int
    place: str
    pixels: UInt8[ndarray, "height width channels"] | None = None
    content: Content | None = None
    fault: str = ""


def to_answer(
    places: Iterable[str | os.PathLike[str]], shape: Shape, reading: ImageReading, *, invert: bool = False
) -> Iterator[ToAnswer]:
    """The images of some places, one after another.

    Args:
        places: Image files, folders, patterns as ``scans/**/*.png``, tables of pixels or of paths, arrays and archives;
            they may come one at a time.
        shape: (height, width, channels) that the network takes.
        reading: How images are brought to it.
        invert: Exchange dark and bright, as for dark ink on bright paper.

    Warns:
        PellucidWarning: Files in a folder are no images by their names, or an image is damaged and was read all the
            same.
    """
    for place in places:
        for image in _found(user_path(place), shape, reading):
            if invert and image.pixels is not None:
                yield ToAnswer(image.name, image.number, image.place, 255 - image.pixels, image.content)
            else:
                yield image


def _found(place: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    paths = [str(place)]
    if glob.has_magic(str(place)) and not os.path.lexists(place):
        paths = sorted(glob.iglob(str(place), recursive=True), key=natural_order)  # noqa: PTH207 - of any root
        if not paths:
            yield ToAnswer(str(place), 1, str(place), fault=f"{place}: there are no files of such names.")
    for path in paths:
        try:
            yield from _of_place(Path(path), shape, reading)
        except DataError as error:
            yield ToAnswer(path, 1, path, fault=str(error))


def _of_place(place: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    name = place.name.lower()
    if place.is_dir():
        yield from _of_folder(place, shape, reading)
    elif place.suffix.lower() in TABLE_SUFFIXES:
        yield from _of_table(place, shape, reading)
    elif name.endswith(ARRAYS):
        yield from _of_arrays(place, shape, reading)
    elif name.endswith(ARCHIVE_SUFFIXES):
        yield from _of_archive(place, shape, reading)
    else:
        yield _image(Content(str(place)), str(place), shape, reading)


def _image(
    content: Content, name: str, shape: Shape, reading: ImageReading, number: int = 1, place: str = ""
) -> ToAnswer:
    try:
        pixels = read_content(content, name, shape, reading)
    except DataError as error:
        return ToAnswer(name, number, place or name, fault=str(error))
    return ToAnswer(name, number, place or name, pixels, content)


def _of_folder(folder: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    """The images of a folder and those below it, folder by folder, in natural order; hidden files are left out."""
    from pellucid.data.trees import walked

    faults, others, images = [], _Others(str(folder)), 0
    for inner, names in walked(folder, faults.append, natural_order):
        for name in names or ():
            if is_image(name):
                images += 1
                path = str(folder.joinpath(*inner, name))
                yield _image(Content(path), path, shape, reading)
            else:
                others.add("/".join((*inner, name)))
    for fault in faults:
        yield ToAnswer(fault.source, 1, str(folder), fault=f"{fault.source}: {fault.reason}.")
    if not images and not faults:
        raise DataError(f"{folder}: no images were found in the folder.")
    others.tell()


def _of_archive(archive: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    from pellucid.data.archives import streamed
    from pellucid.data.rejected import Rejected
    from pellucid.data.trees import is_hidden

    others, images = _Others(str(archive)), 0
    for member in streamed(archive):
        if isinstance(member, Rejected):
            yield ToAnswer(member.source, 1, str(archive), fault=f"{member.source}: {member.reason}.")
        elif is_image(member[0]) and not is_hidden(member[0].split("/")):
            images += 1
            yield _image(member[1], f"{archive}/{member[0]}", shape, reading, images, str(archive))
        elif not is_hidden(member[0].split("/")):
            others.add(member[0])
    if not images:
        raise DataError(f"{archive}: no images were found in the archive.")
    others.tell()


class _Others:
    """Files that are no images by their names: how many, and the first few."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._names: list[str] = []
        self._count = 0

    def add(self, name: str) -> None:
        self._count += 1
        if len(self._names) <= MOST_NAMED:
            self._names.append(name)

    def tell(self) -> None:
        if self._count:
            are = "is no image by its name" if self._count == 1 else "are no images by their names"
            more = [""] * (self._count - len(self._names))  # which are counted, and not named
            told = some([*self._names, *more], MOST_NAMED)
            warnings.warn(f"{self._place}: {counted(self._count, 'file')} {are}: {told}", PellucidWarning, stacklevel=2)


def _of_table(table: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    """The images of a table: of its pixels, where it is CSV with a column for each, or else of paths or bytes."""
    height, width, channels = shape
    if table.suffix.lower() in CSV_SUFFIXES and not _names_images(table, height * width * channels):
        yield from _of_pixel_table(table, shape, reading)
        return
    from pellucid.data.rejected import Rejected
    from pellucid.data.tables import images_of_rows

    for number, row in enumerate(images_of_rows(table), start=1):
        if isinstance(row, Rejected):
            yield ToAnswer(row.source, number, str(table), fault=f"{row.source}: {row.reason}.")
        else:
            yield _image(row.content, row.source, shape, reading, number, str(table))


def _names_images(table: Path, values: int) -> bool:
    """Whether a table has a column for images, and too few columns for one a value of an image."""
    from pellucid.data.tables import COLUMN_NAMES

    columns = read_rows(table).columns
    return len(columns) < values and any(name.strip().lower() in COLUMN_NAMES["image"] for name in columns)


def _of_pixel_table(table: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    from pellucid.data.pixel_tables import read_for_answers

    rows = read_for_answers(table, shape, reading)
    for name, number, pixels in zip(rows.sources, rows.numbers, rows.images, strict=True):
        yield ToAnswer(name, number, str(table), pixels)
    for fault in rows.rejected:
        number = fault.row.number if fault.row else 1
        yield ToAnswer(fault.source, number, str(table), fault=f"{fault.source}: {fault.reason}.")


def _of_arrays(path: Path, shape: Shape, reading: ImageReading) -> Iterator[ToAnswer]:
    from pellucid.data.array_values import images_of
    from pellucid.data.arrays import read_images
    from pellucid.spec.reading import ReadSpec

    numbers = read_images(path)
    if numbers.shape == shape or (*numbers.shape, 1) == shape:  # one image alone
        numbers = numbers[np.newaxis]
    if (*numbers.shape[1:], 1) == shape:
        numbers = numbers[..., np.newaxis]
    if numbers.dtype == np.uint8 and numbers.shape[1:] == shape and isinstance(reading.value_range, str):
        images = numbers  # as they are, so that a mapped file stays one
    else:
        images = images_of(path, {"train": numbers}, ReadSpec(value_range=reading.value_range))[0]["train"]
    if images.shape[1:] != shape:
        wanted = ", ".join(map(str, shape))
        raise DataError(f"{path}: images must be [count, {wanted}]; received {list(images.shape)}.")
    for number, pixels in enumerate(images, start=1):
        yield ToAnswer(f"{path}, image {number}", number, str(path), np.array(pixels))
