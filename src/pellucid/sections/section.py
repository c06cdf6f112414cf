"""What there is to say of one matter, whether it is printed, made a page of, or sent as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.text import printable

if TYPE_CHECKING:
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
        body: Paragraphs and tables in the order in which they are read; newlines part the lines of a paragraph, so that
            names in it are made `printable`.
        pictures: What there is to see.
        remarks: How to read it, and what it comes to.
        warnings: What is missing, and why; it is to be told in any case.
    """

    title: str
    document: dict[str, Any]
    body: tuple[str | Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", printable(self.title))

    @property
    def tables(self) -> list[Table]:
        """The tables of the body."""
        return [part for part in self.body if isinstance(part, Table)]
