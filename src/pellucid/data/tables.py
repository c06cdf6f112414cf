"""Tables of images: one image a row, by its path or its bytes, with its class."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.data.listing import SPLIT_NAMES, Content, Entry, Listing, one_form, split_of, text_of
from pellucid.data.memory import require_room
from pellucid.data.rejected import Rejected, Row
from pellucid.data.rows import BEYOND, TABLE_SUFFIXES, read_rows
from pellucid.errors import DataError, suggest
from pellucid.names import user_path
from pellucid.spec.reading import BY_NAME, ReadSpec
from pellucid.words import counted, some

COLUMN_NAMES = {
    "image": ("image", "image_path", "img", "path", "file", "filename", "file_name", "filepath", "file_path"),
    "label": ("label", "class", "category", "target", "y", "label_name", "class_name", "labels"),
    "split": ("split", "subset", "partition", "set"),
    "group": ("group", "group_id", "patient", "patient_id", "subject", "subject_id", "writer", "writer_id"),
}


def list_table(path: Path, reading: ReadSpec, within: Path | None = None, labelled: bool = True) -> Listing:
    """List the images of a table, one a row.

    The image column holds a path, relative to the table or absolute, or the bytes of an image file (Parquet; Hugging
    Face's mapping of ``bytes`` and ``path``; base64 in JSON Lines as ``{"bytes": ...}``).

    Raises:
        DataError: The table cannot be read, or a column is missing.
    """
    return list_tables(path.stem, [(path, None)], reading, within, labelled)


def list_tables(
    name: str,
    tables: Sequence[tuple[Path, str | None]],
    reading: ReadSpec,
    within: Path | None = None,
    labelled: bool = True,
) -> Listing:
    """List the images of several tables; see `list_table`.

    Args:
        name: What the data set is called.
        tables: Each table with the split that its rows stand in unless they say it.
        reading: Which columns are named.
        within: The folder that an archive with the tables was unpacked to: images elsewhere are rejected, as an
            archive may come from anybody. None lets a table name images anywhere.
        labelled: Whether a column must say the classes; otherwise all labels are empty.

    Raises:
        DataError: A table cannot be read, or lacks a column.
    """
    entries: list[Entry] = []
    rejected: list[Rejected] = []
    group_column, held = "", 0
    for path, split in tables:
        read = read_rows(path)
        columns = {kind: column_of(path, read.columns, kind, reading, read.kinds.get(kind)) for kind in COLUMN_NAMES}
        if not labelled:
            columns["label"] = ""
        for kind in ("image", "label") if labelled else ("image",):
            require_column(path, read.columns, kind, columns[kind])
        for number, row in enumerate(read.rows, start=1):
            where, place = f"{path}, row {number}", Row(str(path), number)
            try:
                entry = _entry(path, where, row, columns, split)
                _require_within(entry.content, within)
                require_room(path, held := held + len(entry.content.raw or b""), "Save the images as files.")
                entries.append(replace(entry, row=place))
            except ValueError as error:
                rejected.append(Rejected(where, str(error), place))
        group_column = group_column or columns["group"]
    entries = _with_one_form(entries)
    notes = groups_notes(tables[0][0], group_column, reading, ((entry.group, entry.split) for entry in entries))
    return Listing(name, tuple(entries), tuple(rejected), tuple(notes))


def images_of_rows(path: Path) -> Iterator[Entry | Rejected]:
    """The images of a table with a column of paths or bytes, one a row and one at a time, whatever else it holds.

    Raises:
        DataError: The table cannot be read, or has no such column.
    """
    read = read_rows(path)
    column = column_of(path, read.columns, "image", ReadSpec(), read.kinds.get("image"))
    require_column(path, read.columns, "image", column)
    for number, row in enumerate(read.rows, start=1):
        where, place = f"{path}, row {number}", Row(str(path), number)
        try:
            content, source = _content(path, where, row.get(column))
            yield Entry(source, content, "", row=place)
        except ValueError as error:
            yield Rejected(where, str(error), place)


def split_tables(folder: Path) -> list[tuple[Path, str]]:
    """The tables of a folder that are called by their splits.

    They lie in the folder, in ``data`` in it, or in the only folder in it. Of Parquet the first word of each counts, as
    in ``train-00000-of-00002.parquet``, and others are passed over, as Hugging Face's data sets have it. Else each
    table must have one word that means a split, as ``mnist_train.csv`` and ``mnist_test.csv``.

    Returns:
        Each table with its split; nothing where none is to train on, or a name says no split or several.
    """
    inner = [place for place in folder.glob("*/") if not place.name.startswith(".")]
    for place in (folder, folder / "data", *(inner if len(inner) == 1 else ())):
        shards = [(path, _splits_in(re.split(r"[-_.]", path.name)[0])) for path in sorted(place.glob("*.parquet"))]
        if any(words == ["train"] for _, words in shards):
            return [(path, words[0]) for path, words in shards if words]
        files = sorted(path for path in place.glob("[!.]*") if path.suffix.lower() in TABLE_SUFFIXES)
        named = [(path, sorted(set(_splits_in(path.stem)))) for path in files]
        said = [words for _, words in named]
        if len(said) > 1 and ["train"] in said and all(len(words) == 1 for words in said):
            return [(path, words[0]) for path, words in named]
    return []


def _splits_in(name: str) -> list[str]:
    """The splits that words of a name mean, in their order."""
    return [SPLIT_NAMES[word] for word in re.split(r"[^a-z]+", name.lower()) if word in SPLIT_NAMES]


def column_of(path: Path, names: Sequence[str], what: str, reading: ReadSpec, said: str | None = None) -> str:
    """The column of an image, label, split or group; empty where there is none.

    Args:
        path: The table.
        names: Its columns.
        what: ``image``, ``label``, ``split`` or ``group``.
        reading: Names the column, or leaves it to be found by its name.
        said: The column of that kind as the table itself says; taken where none is found by name.

    Raises:
        DataError: A column stands twice, or the one that was named is not there.
    """
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise DataError(f"{path}: a column must stand once; received {some(twice)} twice.")
    given = getattr(reading, f"{what}_column")
    if given is None and what == "group":
        return ""
    if given:
        if given not in names:
            raise DataError(f"{path}: there is no {what} column {given!r}. {suggest(given, names)}")
        return given
    by_plain = {name.strip().lower(): name for name in reversed(names)}
    return next((by_plain[name] for name in COLUMN_NAMES[what] if name in by_plain), said or "")


def require_column(path: Path, names: Sequence[str], what: str, found: str) -> None:
    """See that a column is there.

    Raises:
        DataError: It is not.
    """
    if not found:
        rule = f"a column must be called {', '.join(COLUMN_NAMES[what])}"
        raise DataError(f"{path}: {rule}; received {some(names) or 'none'}. Name it with --{what}-column.")


def groups_notes(
    path: Path, column: str | None, reading: ReadSpec, placed: Iterable[tuple[str | None, str | None]]
) -> list[str]:
    """What is said of groups that were found by the name of their column.

    Args:
        path: The table.
        column: The column of groups; empty or None where there is none.
        reading: Says whether groups were asked for.
        placed: The group of each row and the split that it stands in, where it has any.

    Raises:
        DataError: Groups were asked for, and one stands in several splits.
    """
    splits: dict[str, set[str]] = {}
    for group, split in placed:
        if group:
            splits.setdefault(group, set()).add(split or "train")  # as rows without a split are used
    parted = [group for group, found in splits.items() if len(found) > 1]
    received = f"{len(parted)} in several: {some(parted, 5)}"
    if reading.group_column != BY_NAME and parted:
        raise DataError(f"{path}: a group must stand in one split; received {received}.")
    if reading.group_column != BY_NAME or not splits:
        return []
    if parted:
        return [f"rows with the same {column!r} should stand in one split; {received}. The accuracy will flatter."]
    told = f"rows with the same {column!r} are kept together, in {counted(len(splits), 'group')}"
    return [f"{told}, wherever a split is held out. --no-groups parts them."]


def _entry(path: Path, where: str, row: Mapping[Any, Any], columns: Mapping[str, str], split: str | None) -> Entry:
    """The image of a row.

    Raises:
        ValueError: The row cannot be used; the text says why.
    """
    content, source = _content(path, where, row.get(columns["image"]))
    if beyond := [cell for cell in row.get(BEYOND) or () if cell.strip()]:
        raise ValueError(f"more cells than columns ({', '.join(beyond)[:40]}): quote a comma")
    label = text_of(row.get(columns["label"]), "label")
    if not label and columns["label"]:
        raise ValueError("no label")
    group = text_of(row.get(columns["group"]), "group") or None
    said = split_of(text_of(row.get(columns["split"]), "split"), where) if columns["split"] else None
    return Entry(source, content, label, said or split, group)


def _require_within(content: Content, folder: Path | None) -> None:
    """See that an image lies in the folder that its table came in.

    Raises:
        ValueError: It does not.
    """
    if folder is None or content.raw is not None:
        return
    if not Path(os.path.normpath(content.path)).is_relative_to(os.path.normpath(folder)):
        raise ValueError("its path leads out of the archive")


def _with_one_form(entries: list[Entry]) -> list[Entry]:
    """The same with labels, and with groups, that are one number written in one way."""
    labels = one_form(entry.label for entry in entries)
    groups = one_form(entry.group for entry in entries if entry.group)
    if not labels and not groups:
        return entries
    return [
        replace(entry, label=labels.get(entry.label, entry.label), group=groups.get(entry.group or "", entry.group))
        for entry in entries
    ]


def _content(table: Path, where: str, value: Any) -> tuple[Content, str]:
    if isinstance(value, Mapping):
        raw, name = value.get("bytes"), value.get("path")
        if raw is not None:
            return Content(str(table), raw=_bytes(raw)), f"{where} ({name})" if name else where
        value = name
    if isinstance(value, bytes):
        return Content(str(table), raw=value), where
    text = text_of(value, "path")
    if not text:
        raise ValueError("no image")
    path = user_path(text)
    path = path if path.is_absolute() else table.parent / path
    return Content(str(path)), str(path)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the image's bytes are not base64") from None
