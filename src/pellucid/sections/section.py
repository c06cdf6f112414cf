"""What there is to say of one matter, whether it is printed, made a page of, or sent as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pellucid.text import printable

if TYPE_CHECKING:
    from numpy import ndarray

    from pellucid.plots.figures import Figure


@dataclass(frozen=True)
class Table:
    """Texts in rows.

    Attributes:
        header: Name of each column.
        rows: A text for each column.
        left: How many columns stand to the left; the others, of numbers, stand to the right.
        caption: What the rows are; it stands above them.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    caption: str = ""


@dataclass(frozen=True)
class Matrix(Table):
    """A table of counts whose rows and columns are the same classes, in the same order, behind a column of names.

    Attributes:
        shares: How strongly each count is to be marked, 0 to 1, in rows.
    """

    shares: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Command:
    """Something to be copied, a command or the content of a file, as it is.

    Attributes:
        text: All of it.
    """

    text: str


@dataclass(frozen=True, eq=False)
class Tile:
    """A small image and what stands below it.

    Attributes:
        pixels: uint8, [height, width, channels].
        alternative_text: What it shows, for who cannot see it.
        lines: What stands below it.
        beside: Smaller ones that it is to be held against.
    """

    pixels: ndarray
    alternative_text: str
    lines: tuple[str, ...] = ()
    beside: tuple[Tile, ...] = ()


@dataclass(frozen=True, eq=False)
class Gallery:
    """Small images side by side; a terminal does without them.

    Attributes:
        caption: What they are.
        make: Makes the tiles, when they are needed.
    """

    caption: str
    make: Callable[[], Sequence[Tile]]

    @cached_property
    def tiles(self) -> Sequence[Tile]:
        """The tiles themselves."""
        return self.make()


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that is drawn when it is needed.

    Attributes:
        name: Of its file, without the suffix.
        alternative_text: What it shows, for who cannot see it.
        draw: Makes the figure; matplotlib is imported no earlier.
        numbers: The arrays behind it, by name; none where there are none worth keeping.
    """

    name: str
    alternative_text: str
    draw: Callable[[], Figure]
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alternative_text", printable(self.alternative_text))


@dataclass(frozen=True, eq=False)
class Section:
    """What there is to say of one matter.

    Attributes:
        title: The matter.
        document: The same as JSON, but for where files lie.
        body: Paragraphs, tables and what is to be copied, in the order in which they are read; newlines part the lines
            of a paragraph, so that names in it are made `printable`.
        pictures: What there is to see.
        galleries: Small images that a page shows beside.
        remarks: How to read it, and what it comes to.
        warnings: What is missing, and why; it is to be told in any case.
    """

    title: str
    document: dict[str, Any]
    body: tuple[str | Table | Command, ...] = ()
    pictures: tuple[Picture, ...] = ()
    galleries: tuple[Gallery, ...] = ()
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", printable(self.title))

    @property
    def tables(self) -> list[Table]:
        """The tables of the body."""
        return [part for part in self.body if isinstance(part, Table)]
