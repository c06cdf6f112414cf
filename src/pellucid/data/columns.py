"""Further columns of the table that images come from: what it says of each image besides its class."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.listing import Entry, text_of
from pellucid.data.load import found_in, place_of
from pellucid.data.rows import TABLE_SUFFIXES, read_rows
from pellucid.data.tables import list_table
from pellucid.errors import DataError, PellucidWarning, suggest
from pellucid.spec.reading import ReadSpec

SEVERAL = "(several)"


def columns_of(data: DataSplits, dataset: ImageDataset, names: Sequence[str]) -> dict[str, list[str]]:
    """What columns of a table say of images; the table is read again.

    Args:
        data: The data set, from a table of paths or of pixels, or with tables of metadata.
        dataset: Images of it, with the names of where they came from.
        names: The columns.

    Returns:
        For each column the text of each image: empty where there is none, and ``(several)`` where the image stands in
        several rows that say different things.

    Raises:
        DataError: The data come from no table, or there is no such column.
    """
    if not names:
        return {}
    told = _told(data, names)
    if dataset.sources is None or not any(source in told for source in dataset.sources):
        rule = "images can be sliced by columns where they come from a table"
        raise DataError(f"{data.name}: {rule}; these do not. Leave --slice-by out.")
    columns = {
        name: [told.get(source, {}).get(name, "") for source in dataset.sources] for name in dict.fromkeys(names)
    }
    for name, texts in columns.items():
        if len(set(texts)) == 1:
            rule = f"{name!r} says the same of all images that are judged, {texts[0]!r}"
            warnings.warn(f"{data.name}: {rule}, so there are no slices by it.", PellucidWarning, stacklevel=2)
    return columns


def _told(data: DataSplits, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """For what each image is called the texts of its row, by the name of the column."""
    reading = data.reading or ReadSpec()
    path = place_of(data.location)
    if not path.exists():
        return {}
    found = found_in(path, reading)
    entries: Sequence[Entry] = found.listing.entries if found.listing else ()
    if found.listing is None and found.place.suffix.lower() in TABLE_SUFFIXES:
        try:
            entries = list_table(found.place, reading).entries
        except DataError:  # its columns are pixels, and an image is called after its row
            return _rows_of(found.place, names, {})
    called: dict[str, dict[int, str]] = {}
    for entry in entries:
        if entry.row:
            called.setdefault(entry.row.table, {})[entry.row.number] = entry.source
    told: dict[str, dict[str, str]] = {}
    for table, sources in called.items():
        for source, own in _rows_of(Path(table), names, sources).items():
            before = told.setdefault(source, own)
            told[source] = {name: text if before[name] == text else SEVERAL for name, text in own.items()}
    return told


def _rows_of(table: Path, names: Sequence[str], sources: dict[int, str]) -> dict[str, dict[str, str]]:
    """The texts of a table's rows, under what the image of each is called."""
    read = read_rows(table)
    for name in names:
        if name not in read.columns:
            raise DataError(f"{table}: there is no column {name!r} to slice by. {suggest(name, read.columns)}")
    told: dict[str, dict[str, str]] = {}
    for number, row in enumerate(read.rows, start=1):
        source = sources.get(number, f"{table}, row {number}") if sources else f"{table}, row {number}"
        own = {name: _text(row.get(name)) for name in names}
        before = told.setdefault(source, own)
        told[source] = {name: text if before[name] == text else SEVERAL for name, text in own.items()}
    return told


def _text(cell: object) -> str:
    try:
        return text_of(cell, "column")
    except ValueError:
        return ""
