"""How images that are to be answered for are brought to a network's shape: the part of a reading that needs no data.

Nothing here needs pydantic, so that an export answers before a specification could be read.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, runtime_checkable

Fit = Literal["stretch", "pad", "crop"]
ValueRange = Literal["auto", "full", "fractions"] | tuple[float, float]


@runtime_checkable
class ImageReading(Protocol):
    """What `ReadSpec` says of single images; see there for what each setting means."""

    @property
    def fit(self) -> Fit:
        """How an image of another shape is brought to the size."""
        ...

    @property
    def background(self) -> int:
        """Grey value below what is transparent and beside what is padded."""
        ...

    @property
    def value_range(self) -> ValueRange:
        """The values of a file that become black and white."""
        ...

    @property
    def label_column(self) -> str | None:
        """Where the labels of a table of pixels without header stand, ``first`` or ``last``."""
        ...


class PlainReading(NamedTuple):
    """The same, of what has no `ReadSpec`; `ReadSpec`'s own defaults where nothing is said."""

    fit: Fit = "stretch"
    background: int = 0
    value_range: ValueRange = "auto"
    label_column: str | None = None
