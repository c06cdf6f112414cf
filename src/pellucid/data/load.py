"""Data from wherever they are: a name, a folder, a table, arrays, an archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

from pellucid.data.archives import ARCHIVE_SUFFIXES, members_of, unpack
from pellucid.data.arrays import are_arrays, is_idx_folder, is_npy_folder, read_idx_folder, read_npy_folder, read_npz
from pellucid.data.cache import read_listing, unpacked_folder
from pellucid.data.catalogue import CATALOGUE
from pellucid.data.dataset import DataSplits
from pellucid.data.folders import is_hidden, list_archive, list_folder
from pellucid.data.ingest import no_test_note
from pellucid.data.listing import Listing
from pellucid.data.progress import ReadingBar
from pellucid.data.splits import hold_out
from pellucid.data.tables import TABLE_SUFFIXES, list_table
from pellucid.errors import DataError, Fault, SettingError, unknown
from pellucid.spec.reading import ReadSpec

COLUMNS = {"image_column", "label_column", "split_column", "group_column"}
IMAGE_SETTINGS = {"image_size", "channels", "fit", "background", "max_bad"}


def load_data(
    source: str | PathLike[str] = "mnist",
    reading: ReadSpec | None = None,
    *,
    progress: bool | None = None,
    **settings: Any,
) -> DataSplits:
    """Load labelled images.

    Args:
        source: A name of the catalogue; a folder with a subfolder a class, or with train, validation and test above
            them, or with IDX files; a CSV, TSV, JSON Lines or Parquet table; an .npz archive of arrays; a zip or tar
            archive of folders.
        reading: How to read image files.
        progress: Show progress on stderr; unless given, only where that is a terminal.
        settings: Settings of `ReadSpec` that differ from ``reading``.

    Returns:
        The images as uint8, [count, height, width, channels], with labels and class names. Image files are decoded
        into a cache once, and mapped into memory from there.

    Raises:
        DataError: The data cannot be found or used; what is at fault is named.
        SettingError: A setting breaks a rule.
    """
    reading = (reading or ReadSpec()).replace(**settings)
    path = Path(source)
    if isinstance(source, str) and source in CATALOGUE:  # a Path, or ./mnist, is a folder of that name
        _refuse_idle(settings, "a data set of the catalogue", {*COLUMNS, *IMAGE_SETTINGS, "test_split"})
        return CATALOGUE[source]()
    if not os.path.lexists(path):
        raise DataError(f"{unknown('data set', source, CATALOGUE)} There is no file or folder of that name either.")
    location = str(path.resolve())
    path = place_of(path)
    if read := _reader_of_arrays(path):
        _refuse_idle(settings, "arrays", {*COLUMNS, *IMAGE_SETTINGS})
        return _with_test(read(path, location=location), reading)
    if path.suffix.lower() not in TABLE_SUFFIXES:
        _refuse_idle(settings, "folders and archives of images", COLUMNS)
    listing = _list(path, reading)
    with ReadingBar(progress) as bar:
        return read_listing(listing, reading, location, bar)


def place_of(path: Path) -> Path:
    """What is read of a path: itself, the folder of an IDX file, or the table or arrays that an archive holds.

    Raises:
        DataError: An archive is damaged, or holds several tables.
    """
    path = path.absolute()  # so that images are called alike wherever the command is given
    if path.is_file() and path.name.lower().endswith(ARCHIVE_SUFFIXES):
        return _inside(path)
    if path.is_file() and "-ubyte" in path.name:  # one of the IDX files stands for all of them
        return path.parent
    return path


def listing_of(place: Path, reading: ReadSpec) -> Listing | None:
    """The images in a folder, an archive or a table; None where they are arrays.

    Raises:
        DataError: There are no images, or it is none of these.
    """
    return None if _reader_of_arrays(place) else _list(place, reading)


def _reader_of_arrays(path: Path) -> Callable[..., DataSplits] | None:
    """Who reads it, where it holds arrays."""
    if is_idx_folder(path):
        return read_idx_folder
    if is_npy_folder(path):
        return read_npy_folder
    return read_npz if path.suffix.lower() in {".npz", ".npy"} else None


def _refuse_idle(settings: Mapping[str, Any], what: str, idle: Iterable[str]) -> None:
    """Refuse settings that would change nothing."""
    names = [name for name in settings if name in set(idle)]
    if names:
        raise SettingError([Fault(f"{what} must be read without {', '.join(names)}", remedy="Leave them out.")])


def _with_test(splits: DataSplits, reading: ReadSpec) -> DataSplits:
    """Arrays with a test split of their own, or with one that is held out."""
    splits.reading = reading  # a run reads them again in the same way
    if splits.has_test or reading.test_split is None:
        return splits
    kept, held_out = hold_out(splits.train, reading.test_split, 0, "test split")
    train, test = splits.train.subset(kept), splits.train.subset(held_out)
    notes = [*splits.notes, no_test_note(reading.test_split)]
    location = splits.location
    return DataSplits(splits.name, train, test, splits.validation, location=location, reading=reading, notes=notes)


def _inside(archive: Path) -> Path:
    """The archive itself where it holds images alone; else its one table or arrays, unpacked below the cache."""
    names = [Path(name) for name, _ in members_of(archive)[0] if not is_hidden(PurePosixPath(name))]
    tables = [name for name in names if name.suffix.lower() in {*TABLE_SUFFIXES, ".npz"}]
    is_idx = any("-images" in name.name and "idx3" in name.name for name in names)
    if is_idx or are_arrays(name for name in names if name.suffix.lower() == ".npy"):
        folder = unpack(archive, unpacked_folder())
        found = sorted(place for place in {folder / name.parent for name in names} if _reader_of_arrays(place))
        if not found:
            wanted = "train-images and train-labels of IDX, or x_train.npy and y_train.npy"
            raise DataError(f"{archive}: arrays in it must be called {wanted}; received {_listed(names)}.")
        return found[0]
    if len(tables) > 1:
        received = _listed(tables)
        raise DataError(f"{archive}: it must hold one table or .npz file; received {received}. Unpack it and name one.")
    return unpack(archive, unpacked_folder()) / tables[0] if tables else archive


def _listed(names: Sequence[Path]) -> str:
    return ", ".join(map(str, names[:5]))


def _list(path: Path, reading: ReadSpec) -> Listing:
    if path.is_dir():
        return list_folder(path)
    if path.suffix.lower() in TABLE_SUFFIXES:
        return list_table(path, reading)
    if path.name.lower().endswith(ARCHIVE_SUFFIXES):
        return list_archive(path)
    kinds = ", ".join(sorted({*TABLE_SUFFIXES, ".npz", *ARCHIVE_SUFFIXES}))
    raise DataError(f"{path}: a data file must be one of {kinds}; received {path.suffix or 'no suffix'}.")
