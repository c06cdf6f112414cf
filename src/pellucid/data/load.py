"""Data from wherever they are: a name, a folder, a table, arrays, an archive."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from pellucid.data.archives import DAMAGED, unpack
from pellucid.data.arrays import are_arrays, is_npy_folder, read_npy_folder, read_npz
from pellucid.data.cache import TRIES, read_listing, unpacked_folder
from pellucid.data.catalogue import CATALOGUE
from pellucid.data.dataset import DataSplits
from pellucid.data.folders import list_by_folders, list_by_metadata, list_by_names, with_metadata
from pellucid.data.formats import ARCHIVE_SUFFIXES, suffix_of
from pellucid.data.idx_sets import idx_sets, is_idx, read_idx_set
from pellucid.data.ingest import no_test_note
from pellucid.data.listing import Content, Listing
from pellucid.data.pixel_tables import PixelTable, pixel_tables, read_pixel_tables
from pellucid.data.progress import ReadingBar
from pellucid.data.rows import TABLE_SUFFIXES
from pellucid.data.splits import absent_note, hold_out
from pellucid.data.tables import list_table, list_tables, split_tables
from pellucid.data.trees import Parts, Tree, tree_of
from pellucid.errors import DataError, Fault, SettingError, unknown
from pellucid.names import user_path
from pellucid.spec.reading import ReadSpec
from pellucid.words import some

COLUMNS = {"image_column", "label_column", "split_column", "group_column"}
DATA_SUFFIXES = {*TABLE_SUFFIXES, ".npz"}
METADATA = re.compile(r"metadata\.(csv|jsonl|parquet)", re.IGNORECASE)
IMAGE_SETTINGS = {"image_size", "channels", "fit", "background", "max_bad"}


class Found(NamedTuple):
    """What there is to read in a place.

    Attributes:
        listing: The images; None where a table or arrays are to be read.
        place: The table, the arrays, or the folder or archive that the images of the listing lie in.
        idle: Settings that would change nothing.
        within: The folder that an archive was unpacked to; None where there is none.
        tables: Where several tables of pixels are to be read.
    """

    listing: Listing | None
    place: Path
    idle: frozenset[str] = frozenset()
    within: Path | None = None
    tables: tuple[PixelTable, ...] = ()


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
            or below them, or with IDX files, or with a table; a CSV, TSV, JSON Lines or Parquet table of paths or of
            pixels; a folder of Parquet tables that are called by their split; an .npz archive of arrays; a zip or tar
            archive of what a folder may hold.
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
    path = user_path(source)
    if isinstance(source, str) and source in CATALOGUE:  # a Path, or ./mnist, is a folder of that name
        idle = {*COLUMNS, *IMAGE_SETTINGS, "value_range", "label_from", "test_split"}
        _refuse_idle(settings, "a data set of the catalogue", idle)
        return _named(source)
    if not os.path.lexists(path):
        raise DataError(f"{unknown('data set', source, CATALOGUE)} There is no file or folder of that name either.")
    location = os.path.realpath(path)  # which, unlike a Path, has an answer for links in a circle too
    path = place_of(path)
    for _ in range(TRIES):
        found = found_in(path, reading)
        try:
            splits = _read(found, path, reading, location, settings, progress)
        except (DataError, OSError):
            if not _was_cleaned(found.place):
                raise
        else:
            if not splits.rejected or not _was_cleaned(found.place):
                return splits
    raise DataError(f"{source} is unpacked below the cache, which another process cleans again and again. Wait for it.")


def _was_cleaned(place: Path) -> bool:
    """Whether what an archive was unpacked to was removed while it was read."""
    return place.is_relative_to(unpacked_folder()) and not place.exists()


def _read(
    found: Found,
    path: Path,
    reading: ReadSpec,
    location: str,
    settings: Mapping[str, Any],
    progress: bool | None,
) -> DataSplits:
    """Read what was found."""
    if found.listing is None and (read := _reader_of_arrays(found.place)):
        _refuse_idle(settings, "arrays", {*COLUMNS, *IMAGE_SETTINGS, "label_from"})
        return _with_test(read(found.place, location, reading), reading.test_split)
    if found.listing is None and (tables := found.tables or pixel_tables([(found.place, None)], reading)):
        _refuse_idle(settings, "tables of pixels", {"image_column", "fit", "background", "label_from"})
        with ReadingBar(progress) as bar:
            read = read_pixel_tables(found.place.stem, tables, reading, location, bar)
            return _with_test(read, reading.test_split)
    _refuse_idle(settings, "folders and archives of images" if found.listing else "a table", found.idle)
    listing = found.listing or _list_table(found, path, reading)
    with ReadingBar(progress) as bar:
        return read_listing(listing, reading, location, bar)


def _named(name: str) -> DataSplits:
    """A data set of the catalogue; where the user has something of that name too, it is said which of both is read."""
    splits = CATALOGUE[name]()
    if os.path.lexists(name):
        note = f"this is the data set that Pellucid has by that name; what you have here is read as ./{name}"
        splits.notes = (*splits.notes, note)
    return splits


def place_of(source: str | PathLike[str]) -> Path:
    """The full path of what a user gives, so that images are called alike wherever a command is given.

    Of a link to a file the name stays, as it may say what the file is.
    """
    path = user_path(source)
    return path.resolve() if path.is_dir() else Path(os.path.realpath(path.parent)) / path.name


def _reader_of_arrays(path: Path) -> Callable[..., DataSplits] | None:
    """Who reads it, where it holds arrays."""
    if is_idx(path):
        return read_idx_set
    if is_npy_folder(path):
        return read_npy_folder
    return read_npz if path.suffix.lower() in {".npz", ".npy"} else None


def _refuse_idle(settings: Mapping[str, Any], what: str, idle: Iterable[str]) -> None:
    """Refuse settings that would change nothing."""
    names = [name for name in settings if name in set(idle)]
    if names:
        raise SettingError([Fault(f"{what} must be read without {', '.join(names)}", remedy="Leave them out.")])


def _with_test(splits: DataSplits, share: float | None) -> DataSplits:
    """Arrays with a test split of their own, or with one that is held out."""
    if splits.has_test or share is None:
        return splits
    least_kept = 2 if splits.validation is None else 1
    kept, held_out = hold_out(splits.train, share, 0, "test split", least_kept)
    train, test = splits.train.subset(kept), splits.train.subset(held_out)
    absent = absent_note("test", splits.train.labels, held_out, splits.class_names)
    notes = [*splits.notes, no_test_note(share), *absent]
    rest = {"location": splits.location, "reading": splits.reading, "notes": notes}
    return DataSplits(splits.name, train, test, splits.validation, splits.rejected, **rest)


def found_in(path: Path, reading: ReadSpec) -> Found:
    """What there is to read: the same in a folder as in an archive, which is unpacked only where it must be.

    Arrays that lie outermost come first; then a pattern for names, tables of metadata, folders that are classes; where
    there are none, the one table, or the arrays, that lie anywhere.

    Args:
        path: A full path, as `place_of` gives it.
        reading: The pattern for names, and columns of tables.

    Raises:
        DataError: There are no images, or what is there can be understood in several ways.
    """
    is_archive = path.is_file() and path.name.lower().endswith(ARCHIVE_SUFFIXES)
    if not is_archive and (_reader_of_arrays(path) or not path.is_dir()):
        return Found(None, path, frozenset({"label_from"}))
    tree = tree_of(path)
    arrays = _arrays(tree)
    if () in arrays:
        return Found(None, _on_disk(tree))
    metadata, fault = _metadata(tree), None
    if reading.label_from is not None:
        return _with_metadata(list_by_names(tree, reading.label_from), tree, metadata, reading)
    if metadata:
        try:
            return Found(list_by_metadata(tree, _on_disk(tree), metadata, reading), _on_disk(tree))
        except DataError as error:
            fault = error
    listing = list_by_folders(tree)
    if len({entry.label for entry in listing.entries}) > 1:
        return _with_metadata(listing, tree, metadata, reading)
    if fault:
        raise DataError(f"{fault} Where the names of files say the classes, give --label-from.")
    if not arrays and (tables := _tables(tree)):
        return _found_in_tables(tree, tables, reading)
    only = _only(tree, arrays)
    if only:
        return Found(None, only, frozenset({"label_from"}), _within(tree))
    return Found(listing, path, frozenset(COLUMNS))


def _with_metadata(listing: Listing, tree: Tree, metadata: Sequence[Parts], reading: ReadSpec) -> Found:
    """Images whose names or folders say their classes, with what tables beside them say besides."""
    if not metadata:
        return Found(listing, tree.where, frozenset(COLUMNS))
    root = _on_disk(tree)
    return Found(with_metadata(listing, tree, root, metadata, reading), root, frozenset({"label_column"}))


def _arrays(tree: Tree) -> set[Parts]:
    """The folders that hold arrays under the names that they must have."""
    names: dict[Parts, list[str]] = {}
    for parts, _ in tree.files:
        if parts[-1].lower().endswith(".npy") or "-ubyte" in parts[-1]:
            names.setdefault(parts[:-1], []).append(parts[-1])
    return {folder for folder, own in names.items() if are_arrays(own) or idx_sets(own)}


def _metadata(tree: Tree) -> list[Parts]:
    """The tables that name the images beside them, as Hugging Face's imagefolder has them."""
    named = [file for file in tree.files if METADATA.fullmatch(file[0][-1])]
    return [parts for parts, content in named if _names_files(content)]


def _names_files(content: Content) -> bool:
    try:
        return b"file_name" in content.read()
    except DAMAGED:
        return False


def _tables(tree: Tree) -> list[tuple[Path, str]]:
    """The tables that are splits by their names; nothing where there are none, or others beside them."""
    suffixes = [suffix for parts, _ in tree.files if (suffix := suffix_of(parts[-1])) in DATA_SUFFIXES]
    if ".parquet" not in suffixes and len(suffixes) < 2:
        return []
    tables = split_tables(_on_disk(tree))
    is_parquet = any(path.suffix.lower() == ".parquet" for path, _ in tables)
    return tables if is_parquet or len(tables) == len(suffixes) else []


def _found_in_tables(tree: Tree, tables: Sequence[tuple[Path, str]], reading: ReadSpec) -> Found:
    where, idle = _on_disk(tree), frozenset({"label_from"})
    if of_pixels := pixel_tables(tables, reading):
        return Found(None, where, idle, tables=of_pixels)
    return Found(list_tables(tree.name, tables, reading, _within(tree)), where, idle)


def _only(tree: Tree, arrays: set[Parts]) -> Path | None:
    """The one table or data set of arrays in a tree; None where there is none.

    Raises:
        DataError: There are several.
    """
    tables = [parts for parts, _ in tree.files if suffix_of(parts[-1]) in DATA_SUFFIXES]
    found = sorted(arrays) or tables
    if len(found) > 1:
        remedy = "Name one." if tree.where.is_dir() else "Unpack it and name one."
        received = some(["/".join(parts) for parts in found], 5)
        rule = "it must hold one table or .npz file, or tables named by their splits, as train.csv and test.csv"
        raise DataError(f"{tree.where}: {rule}; received {received}. {remedy}")
    return _on_disk(tree).joinpath(*found[0]) if found else None


def _on_disk(tree: Tree) -> Path:
    """The folder that the files of a tree lie in; an archive is unpacked below the cache."""
    return tree.where if tree.where.is_dir() else unpack(tree.where, unpacked_folder())


def _within(tree: Tree) -> Path | None:
    """The folder that an archive was unpacked to; None for what is a folder by itself."""
    return None if tree.where.is_dir() else _on_disk(tree)


def _list_table(found: Found, given: Path, reading: ReadSpec) -> Listing:
    table = found.place
    if suffix_of(table.name) not in TABLE_SUFFIXES:
        kinds = ", ".join(sorted({*TABLE_SUFFIXES, ".npz", *ARCHIVE_SUFFIXES}))
        raise DataError(f"{table}: a data file must be one of {kinds}; received {table.suffix or 'no suffix'}.")
    if table == given:
        return list_table(table, reading)
    try:
        name = given.resolve().name if given.is_dir() else given.name.split(".")[0]
        return replace(list_table(table, reading, found.within), name=name)
    except DataError as error:
        raise DataError(f"{given}: there are no two folders with images, so that its table counts. {error}") from None
