"""The columns of a table of pixels: which of them are pixels, and which one is the label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from math import isqrt
from pathlib import Path

from pellucid.data.rows import CSV_SUFFIXES, cells_of, delimiter, text_lines, text_of_file
from pellucid.data.tables import column_of, require_column
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec

LEAST_NUMBERED, LEAST_UNNAMED = 16, 64  # columns of pixels, under a header and without one
MOST_LINE = 16 << 20  # characters of the first line
NUMBERED = re.compile(r"(\D*)(\d{1,9}(?:\D\d{1,9}){0,2})")  # pixel0, px_17, 28x28, 5
FIRST, LAST = "first", "last"
MOST_ALIKE = 0.9  # share of the rows with one label; the corner of an image is often the same in nearly all
MOST_LABELS = 1000


@dataclass(frozen=True)
class PixelColumns:
    """Which column of a table holds what.

    Attributes:
        skipped: How many lines stand above the rows: 1 for a header.
        width: How many columns there are.
        pixels: Places of the pixels, from 0, in the order of the image.
        kinds: Place of the column of ``label``, ``split`` and ``group``, those that there are.
        names: What those columns are called.
        shape: (height, width, channels) of an image.
    """

    skipped: int
    width: int
    pixels: tuple[int, ...]
    kinds: dict[str, int]
    names: dict[str, str]
    shape: tuple[int, int, int]

    def parted(self, line: Sequence[str]) -> tuple[Sequence[str], dict[str, str]]:
        """The pixels of a row, and what stands in the other columns by their kind.

        Raises:
            ValueError: The row has another number of cells, or no label.
        """
        if len(line) == self.width + 1 and not line[-1].strip():  # as many tools write it, and no harm
            line = line[:-1]
        if len(line) != self.width:
            raise ValueError(f"it has {len(line)} cells; the first line has {self.width}")
        said = {kind: line[place].strip() for kind, place in self.kinds.items()}
        if not said.get("label", "none"):
            raise ValueError("no label")
        return line[self.where] if isinstance(self.where, slice) else [line[place] for place in self.where], said

    @cached_property
    def where(self) -> slice | list[int]:
        """The places of the pixels, as a slice where they stand side by side in their order."""
        first, last = self.pixels[0], self.pixels[-1] + 1
        return slice(first, last) if self.pixels == tuple(range(first, last)) else list(self.pixels)

    @property
    def told(self) -> str:
        """What a user should know of how the table was understood."""
        order = "; the three colours of a pixel stand side by side" if self.shape[2] == 3 else ""
        label = f", its class in the column {self.names['label']!r}" if "label" in self.names else ""
        return f"each row is an image of {_times(self.shape)} from {len(self.pixels)} columns{label}{order}."


def pixel_columns(path: Path, reading: ReadSpec, *, labelled: bool = True) -> PixelColumns | None:
    """The columns of a table of pixels; None where it is none.

    Under a header, the pixels are 16 columns or more that are numbered alike (pixel0, pixel1, …; 1x1, 1x2, …), and
    more than half of all. Without one, all columns are numbers but for the label, which may be a text, and the pixels
    are 64 or more. They must be as many as a square image has, grey or in colour, or one of the size that was given.

    Args:
        path: The table.
        reading: The size and the channels, and which columns are named; without a header, the label's is called
            ``first`` or ``last``.
        labelled: Whether there must be labels.

    Raises:
        DataError: The file cannot be read, the pixels make no image, or no label is found.
    """
    if path.suffix.lower() not in CSV_SUFFIXES or not path.is_file() or reading.image_column or _is_long(path):
        return None
    cells = next(cells_of(path, text_lines(path)), [])
    inner = cells[1:-1]
    if len(inner) < LEAST_NUMBERED:
        return None
    if not _are_numbers(inner) or (_count_up(inner) and not _are_numbers(cells)):
        return _under_header(path, cells, reading, labelled)
    return _without_header(path, cells, int(_count_up(inner)), reading, labelled)


def _is_long(path: Path) -> bool:
    """Whether the first line is longer than that of a table of images could be."""
    try:
        with text_of_file(path, "replace") as file:
            return len(file.readline(MOST_LINE)) == MOST_LINE
    except OSError as error:
        raise DataError(f"{path}: the table cannot be read ({error.strerror or error}).") from None


def _under_header(path: Path, names: list[str], reading: ReadSpec, labelled: bool) -> PixelColumns | None:
    numbered: dict[str, list[tuple[tuple[int, ...], int]]] = {}
    for place, name in enumerate(names):
        if match := NUMBERED.fullmatch(name.strip()):
            numbers = tuple(int(number) for number in re.findall(r"\d+", match[2]))
            numbered.setdefault(match[1], []).append((numbers, place))
    most = max(numbered.values(), key=len, default=[])
    if len(most) < LEAST_NUMBERED or 2 * len(most) <= len(names) or column_of(path, names, "image", reading):
        return None
    named = reading if labelled else reading.replace(label_column=None)  # which says where there is no header
    found = {kind: column_of(path, names, kind, named) for kind in ("label", "split", "group")}
    if labelled and len(most) == len(names):
        raise _no_labels(path, len(names))
    if labelled:
        require_column(path, names, "label", found["label"])
    called = {kind: name for kind, name in found.items() if name}
    kinds = {kind: names.index(name) for kind, name in called.items()}
    pixels = tuple(place for _, place in sorted(most) if place not in kinds.values())
    return PixelColumns(1, len(names), pixels, kinds, called, _shape(path, len(pixels), reading))


def _without_header(
    path: Path, cells: list[str], skipped: int, reading: ReadSpec, labelled: bool
) -> PixelColumns | None:
    count = len(cells)
    if count < LEAST_UNNAMED:
        return None
    with_label, without = (_shape_or_none(pixels, reading) for pixels in (count - 1, count))
    if with_label and (labelled or not without):
        end = _label_end(path, cells, skipped, reading)
        label = 0 if end == FIRST else count - 1
        pixels = tuple(place for place in range(count) if place != label)
        return PixelColumns(skipped, count, pixels, {"label": label}, {"label": end}, with_label)
    if not without:
        raise _no_image(path, f"{count} columns of numbers, one of which may be the labels", reading)
    if labelled:
        raise _no_labels(path, count)
    return PixelColumns(skipped, count, tuple(range(count)), {}, {}, without)


def _label_end(path: Path, cells: list[str], skipped: int, reading: ReadSpec) -> str:
    """Whether the label stands in the first or in the last column."""
    if reading.label_column is not None:
        if reading.label_column not in {FIRST, LAST}:
            rule = "without a header, the label column must be first or last"
            raise DataError(f"{path}: {rule}; received {reading.label_column!r}.")
        return reading.label_column
    texts = [end for end, cell in ((FIRST, cells[0]), (LAST, cells[-1])) if not _are_numbers([cell])]
    likely = texts if len(texts) == 1 else _likely_ends(path, skipped)
    if len(likely) != 1:
        rule = "without a header, it must be plain whether the first or the last column holds the labels"
        raise DataError(f"{path}: {rule}; {'both' if likely else 'neither'} may. Say --label-column first, or last.")
    return likely[0]


def _likely_ends(path: Path, skipped: int) -> list[str]:
    """The ends that could be labels: of several values, none of them in nearly all rows, and few beside a pixel's."""
    counts: dict[str, Counter[str]] = {FIRST: Counter(), LAST: Counter()}
    comma = delimiter(path)
    with text_of_file(path, "replace") as file:
        for line in islice(file, skipped, None):
            row = line.strip()
            for end, cell in ((FIRST, row.partition(comma)[0]), (LAST, row.rpartition(comma)[2])):
                if len(counts[end]) <= MOST_LABELS:
                    counts[end][cell] += 1
    likely = [
        end
        for end, found in counts.items()
        if 2 <= len(found) <= MOST_LABELS and max(found.values()) <= MOST_ALIKE * found.total()
    ]
    fewer, more = sorted(likely, key=lambda end: len(counts[end])) if len(likely) == 2 else (None, None)
    return [fewer] if fewer and more and 2 * len(counts[fewer]) <= len(counts[more]) else likely


def _no_labels(path: Path, count: int) -> DataError:
    rule = f"a table of pixels must have a column of labels; received {count} columns of pixels"
    return DataError(f"{path}: {rule}. To have it answered for: pellucid predict.")


def _no_image(path: Path, received: str, reading: ReadSpec) -> DataError:
    if reading.image_size:
        shape = *reading.image_size, *((reading.channels,) if reading.channels else ())
        return DataError(f"{path}: an image of {_times(shape)} must have a column a value; received {received}.")
    grey, colour = "as many columns as a square image has pixels", "three times as many in colour"
    columns = {1: grey, 3: f"{grey}, and {colour}", None: f"{grey}, or {colour}"}[reading.channels]
    rule = f"a table of pixels must have {columns}"
    return DataError(f"{path}: {rule}; received {received}. Give the size of the images: --image-size 28x28.")


def _shape(path: Path, count: int, reading: ReadSpec) -> tuple[int, int, int]:
    shape = _shape_or_none(count, reading)
    if shape is None:
        raise _no_image(path, f"{count} columns of pixels", reading)
    return shape


def _shape_or_none(count: int, reading: ReadSpec) -> tuple[int, int, int] | None:
    """The shape of an image of so many values: grey if it can be."""
    for channels in (reading.channels,) if reading.channels else (1, 3):
        area, rest = divmod(count, channels)
        height, width = reading.image_size or (isqrt(area), isqrt(area))
        if not rest and height * width == area:
            return height, width, channels
    return None


def _are_numbers(cells: Sequence[str]) -> bool:
    try:
        return all(map(_is_number, cells))
    except ValueError:
        return False


def _is_number(cell: str) -> bool:
    float(cell)
    return True


def _count_up(cells: Sequence[str]) -> bool:
    """Whether they are 0, 1, 2, … as a header of numbers is, from 0, 1 or 2 on."""
    if not all(cell.strip().isdecimal() for cell in cells) or int(cells[0]) > 2:
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(cells))


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
