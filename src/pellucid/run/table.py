"""Tables of plain values as CSV: a row is a dataclass, a column one of its fields."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from pellucid.errors import RunError
from pellucid.text import shortened
from pellucid.untrusted import read

MOST_TABLE_BYTES = 256 * 2**20
Row = TypeVar("Row")


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows under a header; None stays empty.

    Args:
        columns: Names of the columns.
        rows: A number, a text or None by column; what a row lacks stays empty.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def rows_to_csv(kind: type[Any], rows: Iterable[Any]) -> str:
    """Dataclasses of one kind as CSV, a column a field."""
    return to_csv(columns_of(kind), (asdict(row) for row in rows))


def from_csv(kind: type[Row], path: Path, what: str, further: str | None = None) -> list[Row]:
    """Read what `to_csv` wrote.

    A column that is missing has its field's default, so that a later version may have one more.

    Args:
        kind: The dataclass; its fields are numbers, texts or None.
        path: The file.
        what: What such a table is called, with its article.
        further: The field that takes columns which the dataclass does not know, as a mapping; without it they are a
            fault.

    Raises:
        RunError: The file is missing, or is not such a table.
    """
    try:
        text = read(path, MOST_TABLE_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    header, *lines = list(csv.reader(io.StringIO(text))) or [[]]
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind).items() if name != further}
    needed = _needed(kind)
    foreign = set(header) - readers.keys()
    if needed - set(header) or (foreign and not further) or len(set(header)) < len(header) or "" in header:
        raise RunError(f"{path} is not {what}: its first line must be {','.join(readers)}.")
    if not text.endswith("\n"):
        raise RunError(f"{path} is truncated: its last line does not end.")
    rows = []
    try:
        for line in lines:
            cells = dict(zip(header, line, strict=True))
            known = {name: readers[name](cells[name]) for name in header if name in readers}
            others = {further: {name: cells[name] for name in header if name in foreign}} if further else {}
            rows.append(kind(**known, **others))
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.") from None
    return rows


def columns_of(kind: type[Any]) -> tuple[str, ...]:
    """Names of the columns."""
    return tuple(column.name for column in fields(kind))


def _needed(kind: type[Any]) -> set[str]:
    """Columns that a table cannot be without, as their fields have no default."""
    return {column.name for column in fields(kind) if column.default is column.default_factory is MISSING}


def _reader(hint: Any) -> Callable[[str], Any]:
    """What makes a value of this type from a cell."""
    if not isinstance(hint, UnionType):
        return {bool: _truth, float: _finite}.get(hint, hint)
    (plain,) = (part for part in get_args(hint) if part is not type(None))
    read = _reader(plain)
    return lambda cell: read(cell) if cell else None


def _finite(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(f"{shortened(cell)} is no finite number")
    return value


def _truth(cell: str) -> bool:
    if cell not in {"True", "False"}:
        raise ValueError(f"{cell!r} is neither True nor False")
    return cell == "True"
