"""The rows of a table file: CSV, TSV, JSON Lines, and Parquet through the extra ``tables``."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from pellucid.data.memory import require_room
from pellucid.errors import DataError
from pellucid.untrusted import opened, parsed_json, read

CSV_SUFFIXES = {".csv", ".tsv"}
TABLE_SUFFIXES = {*CSV_SUFFIXES, ".jsonl", ".ndjson", ".parquet"}
BEYOND = object()  # in a row, where the cells stand that no column is above
BYTES_OF_A_ROW = 500  # that a row takes in memory beside its image
BYTES_AT_ONCE = 64 << 20
MOST_LINE = 64 << 20
UNLABELLED = -1  # in a column of classes, as Hugging Face's datasets have it


@dataclass(frozen=True)
class Rows:
    """A table as it is read.

    Attributes:
        columns: Name of each column.
        rows: The cells of each row by the name of their column, one row at a time.
        kinds: The columns that the file itself calls images or classes, by ``image`` and ``label``.
    """

    columns: list[str]
    rows: Iterable[Mapping[Any, Any]]
    kinds: Mapping[str, str] = field(default_factory=dict)


def read_rows(path: Path) -> Rows:
    """The columns and the rows of a table.

    Raises:
        DataError: The table cannot be read; with the rows of CSV and Parquet, only once they are reached.
    """
    suffix = path.suffix.lower()
    if suffix in CSV_SUFFIXES:
        return _csv(path)
    return _parquet(path) if suffix == ".parquet" else _json_lines(path)


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
    elif suffix in CSV_SUFFIXES:
        lines = cells_of(path, text_lines(path))
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter(path), lineterminator="\n")
            writer.writerow(next(lines, []))
            full = (cells for cells in lines if cells)
            writer.writerows(cells for row, cells in enumerate(full, start=1) if row not in rows)
    else:
        write_lines(path, 0, rows, out)


def write_lines(path: Path, skipped: int, rows: Collection[int], out: Path) -> None:
    """Write a table whose rows are lines again, without some of them and without empty lines.

    Args:
        path: The table.
        skipped: How many lines stand above the rows.
        rows: Numbers of the rows to leave out, from 1.
        out: The new table.

    Raises:
        DataError: The table cannot be read.
        OSError: The new one cannot be written.
    """
    with out.open("w", encoding="utf-8", newline="") as file:
        lines = text_lines(path)
        file.writelines(islice(lines, skipped))
        full = (line for line in lines if line.strip())
        file.writelines(line.rstrip("\r\n") + "\n" for row, line in enumerate(full, start=1) if row not in rows)


def text_of_file(path: Path, errors: str = "strict") -> TextIOWrapper:
    """A text file, opened; lines end as they do in it.

    Args:
        path: The file.
        errors: What becomes of bytes that are no UTF-8, as Python's own `open` has it.

    Raises:
        OSError: It cannot be opened, or is no file.
    """
    return TextIOWrapper(opened(path), encoding="utf-8-sig", errors=errors, newline="")


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, one at a time, as there may be millions.

    Raises:
        DataError: The file cannot be read, or is no text.
    """
    try:
        with text_of_file(path) as file:
            while line := file.readline(MOST_LINE):
                if len(line) == MOST_LINE:
                    raise DataError(f"{path}: a line may have {MOST_LINE:,} characters; one has more.")
                yield line
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def cells_of(path: Path, lines: Iterable[str]) -> Iterator[list[str]]:
    """The cells of the lines of a CSV or TSV file.

    Raises:
        DataError: A line cannot be read.
    """
    try:
        yield from csv.reader(lines, delimiter=delimiter(path), strict=True)
    except csv.Error as error:
        raise _unreadable(path, error) from None


def delimiter(path: Path) -> str:
    """What stands between the cells of a line."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _csv(path: Path) -> Rows:
    lines = cells_of(path, text_lines(path))
    names = next(lines, [])
    rows = (dict(zip(names, cells, strict=False)) | {BEYOND: cells[len(names) :]} for cells in lines if cells)
    return Rows(names, rows)


def _json_lines(path: Path) -> Rows:
    rows = []
    try:
        lines = read(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None
    except OSError as error:
        raise _unreadable(path, error.strerror or error) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = parsed_json(line)
        except ValueError as error:  # ValueError: a number of thousands of digits, too
            raise DataError(f"{path}, line {number}: not JSON ({getattr(error, 'msg', error)}).") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: a row must be an object; received {line[:40]}.")
        rows.append(row)
    return Rows(list(dict.fromkeys(name for row in rows for name in row)), rows)


def _parquet(path: Path) -> Rows:
    try:
        from pyarrow import parquet
    except ImportError:
        raise DataError(f"{path}: Parquet needs pyarrow. Install it with: pip install 'pellucid[tables]'") from None
    try:
        with opened(path) as file, parquet.ParquetFile(file) as read_once:
            schema, columns = read_once.schema_arrow, _columns(read_once.metadata)
            rows_there = read_once.metadata.num_rows
    except Exception as error:  # noqa: BLE001 - pyarrow fails in many ways on damaged files
        raise _unreadable(path, error) from None
    require_room(path, sum(size for size, _ in columns.values()) + rows_there * BYTES_OF_A_ROW)
    texts = [name for name, (_, is_text) in columns.items() if is_text]
    features = _features(schema.metadata or {})
    classes = {name: feature["names"] for name, feature in features.items() if _kind(feature) == "ClassLabel"}

    def rows() -> Iterator[dict[str, Any]]:
        try:
            # Read as dictionaries, what is many times the same text or image takes the memory of one.
            with opened(path) as file, parquet.ParquetFile(file, read_dictionary=texts) as table:
                for batch in table.iter_batches(batch_size=1000):
                    some = max(1, BYTES_AT_ONCE // max(batch.nbytes, 1))
                    for start in range(0, len(batch), some):
                        for row in batch.slice(start, some).to_pylist():
                            yield row | {name: _class_of(row.get(name), names) for name, names in classes.items()}
        except Exception as error:  # noqa: BLE001 - see above
            raise _unreadable(path, error) from None

    images = [name for name, feature in features.items() if _kind(feature) == "Image"]
    only = {"image": images, "label": list(classes)}
    return Rows(schema.names, rows(), {what: names[0] for what, names in only.items() if len(names) == 1})


def _columns(metadata: Any) -> dict[str, tuple[int, bool]]:
    """For each column of a Parquet file the bytes that it has unpacked, and whether it holds texts or bytes."""
    found: dict[str, tuple[int, bool]] = {}
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            part = metadata.row_group(group).column(number)
            before, _ = found.get(part.path_in_schema, (0, False))
            found[part.path_in_schema] = before + part.total_uncompressed_size, part.physical_type == "BYTE_ARRAY"
    return found


def _features(metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    """What Hugging Face's datasets write of the columns beside the table."""
    try:
        return dict(parsed_json(metadata.get(b"huggingface", b"{}").decode())["info"]["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def _kind(feature: Any) -> str:
    kind = feature.get("_type") if isinstance(feature, dict) else None
    return "" if kind == "ClassLabel" and not isinstance(feature.get("names"), list) else str(kind)


def _class_of(value: Any, names: list[Any]) -> Any:
    """The name of a class by its number; None for what has no label."""
    if not isinstance(value, int):
        return value
    return names[value] if 0 <= value < len(names) else None if value == UNLABELLED else value


def _not_utf8(path: Path, error: UnicodeDecodeError) -> DataError:
    return DataError(f"{path}: the text must be UTF-8; received other bytes at {error.start}. Save it as UTF-8.")


def _unreadable(path: Path, reason: object) -> DataError:
    return DataError(f"{path}: the table cannot be read ({reason}).")
