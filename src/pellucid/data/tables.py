"""Tables of images: CSV, JSON Lines, and Parquet through the extra ``tables``."""

from __future__ import annotations

import base64
import binascii
import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pellucid.data.dataset import Rejected
from pellucid.data.listing import Content, Entry, Listing, split_of
from pellucid.errors import DataError, suggest
from pellucid.spec.reading import ReadSpec

COLUMN_NAMES = {
    "image": ("image", "image_path", "img", "path", "file", "filename", "file_name", "filepath", "file_path"),
    "label": ("label", "class", "category", "target", "y", "label_name", "class_name"),
    "split": ("split", "subset", "partition", "set"),
}
BEYOND = object()  # in a row, where the cells stand that no column is above
TABLE_SUFFIXES = {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}


def list_table(path: Path, reading: ReadSpec) -> Listing:
    """List the images of a table, one a row.

    The image column holds a path, relative to the table or absolute, or the bytes of an image file (Parquet; Hugging
    Face's mapping of ``bytes`` and ``path``; base64 in JSON Lines as ``{"bytes": ...}``).

    Raises:
        DataError: The table cannot be read, or a column is missing.
    """
    readers = {".csv": _csv, ".tsv": _csv, ".parquet": _parquet}
    columns, rows = readers.get(path.suffix.lower(), _json_lines)(path)
    image = _column(path, columns, "image", reading.image_column)
    label = _column(path, columns, "label", reading.label_column)
    split = _column(path, columns, "split", reading.split_column)
    group = _column(path, columns, "group", reading.group_column)
    entries, rejected = [], []
    for number, row in enumerate(rows, start=1):
        where = f"{path}, row {number}"
        try:
            content, source = _content(path, where, row.get(image))
        except ValueError as error:
            rejected.append(Rejected(where, str(error), number))
            continue
        if beyond := [cell for cell in row.get(BEYOND) or () if cell.strip()]:
            reason = f"more cells than columns ({', '.join(beyond)[:40]}): quote a comma"
            rejected.append(Rejected(where, reason, number))
            continue
        name = _text(row.get(label))
        if not name:
            rejected.append(Rejected(source, "no label", number))
            continue
        part = split_of(_text(row.get(split)), where) if split else None
        entries.append(Entry(source, content, name, part, _text(row.get(group)) or None, number))
    _refuse_parted_groups(path, entries)
    return Listing(path.stem, tuple(entries), tuple(rejected))


def without_rows(path: Path, rows: Collection[int], out: Path) -> None:
    """Write a table again, in its own format, without some of its rows.

    Args:
        path: The table.
        rows: Numbers of the rows to leave out, from 1.
        out: The new table.

    Raises:
        DataError: The table cannot be read.
        OSError: The new one cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from pyarrow import parquet

        table = parquet.read_table(path)
        parquet.write_table(table.take([row for row in range(len(table)) if row + 1 not in rows]), out)
    elif suffix in {".csv", ".tsv"}:
        lines = _csv_lines(path)
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\n")
            writer.writerow(next(lines, []))
            full = (cells for cells in lines if cells)
            writer.writerows(cells for row, cells in enumerate(full, start=1) if row not in rows)
    else:
        lines = [line for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
        kept = [f"{line}\n" for row, line in enumerate(lines, start=1) if row not in rows]
        out.write_text("".join(kept), encoding="utf-8")


def _text(value: Any) -> str:
    """A cell without the spaces around it; empty for one that is missing, as NaN is."""
    return "" if value is None or value != value else str(value).strip()


def _refuse_parted_groups(path: Path, entries: Iterable[Entry]) -> None:
    splits: dict[str, set[str]] = {}
    for entry in entries:
        if entry.group is not None:
            splits.setdefault(entry.group, set()).add(entry.split or "train")  # as rows without a split are used
    parted = [group for group, found in splits.items() if len(found) > 1]
    if parted:
        raise DataError(
            f"{path}: a group must stand in one split; received {len(parted)} in several: {', '.join(parted[:5])}."
        )


def _content(table: Path, where: str, value: Any) -> tuple[Content, str]:
    if isinstance(value, Mapping):
        raw, name = value.get("bytes"), value.get("path")
        if raw is not None:
            return Content(str(table), raw=_bytes(raw)), f"{where} ({name})" if name else where
        value = name
    if isinstance(value, bytes):
        return Content(str(table), raw=value), where
    if value is None or not str(value).strip():
        raise ValueError("no image")
    path = Path(str(value).strip())
    path = path if path.is_absolute() else table.parent / path
    return Content(str(path)), str(path)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the image's bytes are not base64") from None


def _column(path: Path, columns: Iterable[str], what: str, given: str | None) -> str:
    """The column of that kind; empty for a split or group that is not there."""
    names = list(columns)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path}: a column must stand once; received {', '.join(twice)} twice.")
    if given is not None:
        if given not in names:
            raise DataError(f"{path}: there is no {what} column {given!r}. {suggest(given, names)}")
        return given
    by_lower = {name.lower(): name for name in reversed(names)}
    found = next((by_lower[name] for name in COLUMN_NAMES.get(what, ()) if name in by_lower), "")
    if not found and what in {"image", "label"}:
        rule = f"a column must be called {', '.join(COLUMN_NAMES[what])}"
        raise DataError(f"{path}: {rule}; received {', '.join(names) or 'none'}. Name it with --{what}-column.")
    return found


def _csv(path: Path) -> tuple[list[str], Iterable[dict[Any, Any]]]:
    lines = _csv_lines(path)
    names = next(lines, [])
    return names, (dict(zip(names, cells, strict=False)) | {BEYOND: cells[len(names) :]} for cells in lines if cells)


def _csv_lines(path: Path) -> Iterator[list[str]]:
    """The cells of one line at a time, as there may be millions."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
            yield from reader
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: the text must be UTF-8; received other bytes at {error.start}. Save it as UTF-8."
        ) from None
    except (OSError, csv.Error) as error:
        raise DataError(f"{path}: the table cannot be read ({error}).") from None


def _json_lines(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    rows = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: the text must be UTF-8; received other bytes at {error.start}. Save it as UTF-8."
        ) from None
    except OSError as error:
        raise DataError(f"{path}: the table cannot be read ({error.strerror or error}).") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}, line {number}: not JSON ({error.msg}).") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: a row must be an object; received {line[:40]}.")
        rows.append(row)
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def _parquet(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise DataError(f"{path}: Parquet needs pyarrow. Install it with: pip install 'pellucid[tables]'") from None
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise DataError(f"{path}: the table cannot be read ({error}).") from None
    rows = table.to_pylist()
    for column, names in _class_labels(table.schema.metadata or {}).items():
        for row in rows:
            if isinstance(row.get(column), int) and 0 <= row[column] < len(names):
                row[column] = names[row[column]]
    return table.column_names, rows


def _class_labels(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Names of the classes that Hugging Face's datasets write beside the table."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: feature["names"] for column, feature in features.items() if feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
