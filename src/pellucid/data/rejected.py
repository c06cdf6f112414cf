"""What could not be used of data, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        table: The table's file.
        number: Which row of it, from 1.
    """

    table: str
    number: int


@dataclass(frozen=True)
class Rejected:
    """A file that could not be used.

    Attributes:
        source: The file or row.
        reason: What is wrong with it.
        row: Its row in a table; None for what is in no table.
    """

    source: str
    reason: str
    row: Row | None = None
