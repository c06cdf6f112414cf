"""The rows of a table of pixels: from text to images, some at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

from pellucid.data.listing import rejected_of
from pellucid.data.pixel_columns import PixelColumns
from pellucid.data.rejected import Rejected, Row
from pellucid.data.rows import cells_of, delimiter, text_lines
from pellucid.errors import DataError
from pellucid.untrusted import opened

CELLS_AT_ONCE = 1 << 20  # bounds the memory beside that of the pixels
NUMERALS = b'0123456789,\t\r\n"'  # all that a table of whole numbers consists of


@dataclass(frozen=True, eq=False)
class PixelRows:
    """The rows of a table of pixels.

    Attributes:
        images: [count, height, width, channels]; uint8, or float32 where a value is no whole number up to 255.
        numbers: Number of each image's row, from 1.
        sources: What each image is called, with the number of its row.
        cells: What stands in the columns of ``label``, ``split`` and ``group``, those that there are.
        rejected: The rows that cannot be used.
    """

    images: Shaped[ndarray, "count height width channels"]
    numbers: list[int]
    sources: list[str]
    cells: dict[str, list[str]]
    rejected: list[Rejected]


def read_pixel_rows(path: Path, columns: PixelColumns, on_progress: Callable[[str, int, int], None]) -> PixelRows:
    """Read the rows of a table of pixels; they take little more memory than their pixels.

    Args:
        path: The table.
        columns: What its columns hold.
        on_progress: Told what is being done, of how many rows, and how many more are done.

    Raises:
        DataError: The table cannot be read, or no row can be used.
    """
    found = _Found(path, columns)
    total = _count_lines(path) - columns.skipped
    lines = (line for line in islice(text_lines(path), columns.skipped, None) if line.strip())
    at_once = max(1, CELLS_AT_ONCE // columns.width)
    while some := list(islice(lines, at_once)):
        found.add(some)
        on_progress("reading rows", total, len(some))
    return found.rows()


class _Found:
    """What was found in the lines so far."""

    def __init__(self, path: Path, columns: PixelColumns) -> None:
        self.path, self.columns = path, columns
        self.values: bytearray | array[float] = bytearray()  # bytes as long as all are whole numbers up to 255
        self.cells: dict[str, list[str]] = {kind: [] for kind in columns.kinds}
        self.numbers: list[int] = []
        self.rejected: list[Rejected] = []

    def add(self, lines: Sequence[str]) -> None:
        """Take in further lines."""
        start = len(self.numbers) + len(self.rejected) + 1
        if plain := _plain(self.path, lines, self.columns):
            pixels, cells = plain
            self._add_values(pixels)
            self._add_cells(cells, range(start, start + len(lines)))
            return
        for number, line in enumerate(cells_of(self.path, lines), start):
            try:
                pixels, said = self.columns.parted(line)
                self._add_values(_values(pixels))
                self._add_cells({kind: [text] for kind, text in said.items()}, [number])
            except ValueError as error:
                place = Row(str(self.path), number)
                self.rejected.append(Rejected(self._source(number), str(error), place))

    def _add_values(self, values: bytes | list[float]) -> None:
        if isinstance(self.values, bytearray) and isinstance(values, bytes):
            self.values += values
            return
        if isinstance(self.values, bytearray):
            self.values = array("f", iter(self.values))
        self.values.extend(values)

    def _add_cells(self, cells: Mapping[str, Sequence[str]], numbers: Iterable[int]) -> None:
        for kind, texts in cells.items():
            self.cells[kind] += texts
        self.numbers += numbers

    def rows(self) -> PixelRows:
        """All of it as images."""
        if not self.numbers:
            raise DataError(f"{self.path}: no row could be read: {rejected_of(self.rejected) or 'there is none'}.")
        kind = np.uint8 if isinstance(self.values, bytearray) else np.float32
        images = np.frombuffer(self.values, kind).reshape(-1, *self.columns.shape)
        sources = [self._source(number) for number in self.numbers]
        return PixelRows(images, self.numbers, sources, self.cells, self.rejected)

    def _source(self, number: int) -> str:
        return f"{self.path}, row {number}"


def _count_lines(path: Path) -> int:
    with opened(path) as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _plain(path: Path, lines: Sequence[str], columns: PixelColumns) -> tuple[bytes, dict[str, list[str]]] | None:
    """The pixels and the other cells of lines that hold whole numbers alone, in right number; None for others.

    NumPy reads these many times faster than Python could.
    """
    if "".join(lines).encode().translate(None, NUMERALS):
        return None
    form = {"delimiter": delimiter(path), "quotechar": '"', "comments": None}
    try:
        numbers = np.loadtxt(lines, np.int64, **form, ndmin=2)
        cells = {
            kind: np.loadtxt(lines, str, **form, usecols=[at], ndmin=1).tolist() for kind, at in columns.kinds.items()
        }
    except ValueError:  # a row is longer than another, or a cell is empty
        return None
    if numbers.shape != (len(lines), columns.width):
        return None
    pixels = numbers[:, columns.where]
    return (pixels.astype(np.uint8).tobytes(), cells) if pixels.max() <= 255 else None


def _values(cells: Sequence[str]) -> bytes | list[float]:
    """Numbers: as bytes where they can be.

    Raises:
        ValueError: One is no number.
    """
    try:
        return bytes(map(int, cells))
    except ValueError:
        numbers = [_number(cell) for cell in cells]
    is_whole = all(0 <= number <= 255 and number.is_integer() for number in numbers)
    return bytes(map(int, numbers)) if is_whole else numbers


def _number(cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ValueError(f"a pixel must be a number; received {cell[:40]!r}")
    return number
