"""Tables of plain values as CSV: a row is a dataclass, a column one of its fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from pellucid.errors import RunError

Row = TypeVar("Row")


def to_csv(kind: type[Any], rows: Iterable[Any]) -> str:
    """The rows under a header; None stays empty.

    Args:
        kind: The dataclass; its fields are numbers, texts or None.
        rows: Of that kind.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns_of(kind), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


def from_csv(kind: type[Row], path: Path, what: str) -> list[Row]:
    """Read what `to_csv` wrote.

    Args:
        kind: The dataclass.
        path: The file.
        what: What such a table is called, with its article.

    Raises:
        RunError: The file is missing, or is not such a table.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    lines, columns = list(csv.reader(io.StringIO(text))), columns_of(kind)
    if not lines or tuple(lines[0]) != columns:
        raise RunError(f"{path} is not {what}: its first line must be {','.join(columns)}.")
    if not text.endswith("\n"):
        raise RunError(f"{path} is truncated: its last line does not end.")
    readers = [_reader(hint) for hint in get_type_hints(kind).values()]
    try:
        return [kind(*[read(cell) for read, cell in zip(readers, line, strict=True)]) for line in lines[1:]]
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.") from None


def columns_of(kind: type[Any]) -> tuple[str, ...]:
    """Names of the columns."""
    return tuple(column.name for column in fields(kind))


def _reader(hint: Any) -> Callable[[str], Any]:
    """What makes a value of this type from a cell."""
    if not isinstance(hint, UnionType):
        return _truth if hint is bool else hint
    (plain,) = (part for part in get_args(hint) if part is not type(None))
    read = _reader(plain)
    return lambda cell: read(cell) if cell else None


def _truth(cell: str) -> bool:
    if cell not in {"True", "False"}:
        raise ValueError(f"{cell!r} is neither True nor False")
    return cell == "True"
