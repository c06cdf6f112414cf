"""Copies of a data set without some of its images. What is copied from is never changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from pellucid.data.annotations import NAME, without_images
from pellucid.data.archives import DAMAGED
from pellucid.data.arrays import KEYS, pair_names, read_arrays
from pellucid.data.dataset import DataSplits
from pellucid.data.formats import suffix_of
from pellucid.data.listing import Content, Entry
from pellucid.data.load import found_in, place_of
from pellucid.data.pixel_tables import pixel_tables
from pellucid.data.removal import Parted, Removal, datasets_of
from pellucid.data.rows import TABLE_SUFFIXES, without_rows, write_lines
from pellucid.data.scratch import put, scratch_beside
from pellucid.data.tables import list_table
from pellucid.data.trees import Parts, Tree, tree_of
from pellucid.errors import DataError
from pellucid.names import plain_name, user_path
from pellucid.spec.reading import ReadSpec
from pellucid.words import counted, some


def write_copy(source: str, splits: DataSplits, reading: ReadSpec, removal: Removal, out: Path) -> tuple[str, ...]:
    """Write a copy of a data set to a new folder, which appears once it is whole.

    Folders and archives become a folder with the same layout; a table becomes a table of the same format with its
    images beside it; arrays keep their names and values; a data set of the catalogue becomes an .npz file.

    Args:
        source: The data, as given to `load_data`.
        splits: The data as they were read.
        reading: How they were read: without a test split held out.
        removal: What is left out.
        out: The new folder.

    Returns:
        What else is not as in the original.

    Raises:
        DataError: The folder exists, lies in the data, or cannot be written, or the data have changed.
    """
    require_new(out, user_path(source))
    try:
        with scratch_beside(out.absolute()) as scratch:
            notes = _write(source, splits, reading, removal, scratch)
            put(scratch, out)
    except OSError as error:
        raise DataError(f"{out} cannot be written ({error.strerror or error}). Give another folder.") from None
    return notes


def require_new(out: Path, data: Path) -> None:
    """See that a copy of data can be written to a folder.

    Raises:
        DataError: There is something already, or it lies in the data.
    """
    if out.exists() or out.is_symlink():
        raise DataError(f"{out} is there already, and a copy replaces nothing. Give a new folder.")
    if data.is_dir() and out.resolve().is_relative_to(data.resolve()):
        raise DataError(f"{out} lies in the data themselves, which a copy leaves as they are. Give a folder elsewhere.")


def _write(source: str, splits: DataSplits, reading: ReadSpec, removal: Removal, out: Path) -> tuple[str, ...]:
    if not Path(splits.location).is_absolute():
        return _copy_decoded(splits, removal, out)
    given = place_of(source)
    found = found_in(given, reading)
    listing, place, tables = found.listing, found.place, found.tables
    if listing:
        tree = replace(tree_of(place), where=given)  # so that its files are called as they were when they were read
        return _copy_tree(place, tree, Parted.of(listing, splits, removal), out)
    if arrays := read_arrays(place):
        return _copy_arrays(place, arrays, removal, out)
    if not tables and suffix_of(place.name) not in TABLE_SUFFIXES:
        return _copy_decoded(splits, removal, out)
    if tables := tables or pixel_tables([(place, None)], reading):
        for table, columns, _ in tables:
            write_lines(table, columns.skipped, _pixel_rows(table, splits, removal), out / table.name)
        return ()
    return _copy_table(place, Parted.of(list_table(place, reading, found.within), splits, removal), out)


def _copy_tree(root: Path, tree: Tree, parted: Parted, out: Path) -> tuple[str, ...]:
    """Copy the files of a folder or an archive to the same places below another, but for those that are left out.

    Tables and texts that name the images are written without those that are left out.

    Args:
        root: The folder or archive where the files of the tree lie.
        tree: What lies there, as it was called when it was read.
        parted: The images.
        out: The new folder.
    """
    _refuse_beyond(root, parted.kept)
    members = {content.member: parts for parts, content in tree.files if content.member is not None}
    kept = _places(root, parted.kept, members)
    gone = {*_places(root, parted.left_out, members), *_called(tree, parted.files)} - kept.keys()
    rows = {_below(root, table): numbers for table, numbers in parted.rows.items()}
    missed = sum(rejected.source not in parted.files for rejected in tree.rejected)
    stale = []
    for parts, content in (dict(tree.files) | kept).items():
        to = out.joinpath(*parts)
        if parts in gone:
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        if parts in rows:
            without_rows(Path(content.path), rows[parts], to)
        elif NAME.fullmatch(parts[-1]):
            missed += not _copy(_annotations(parts[:-1], content, gone, kept), to)
        else:
            missed += not _copy(content, to)
        if gone and suffix_of(parts[-1]) in TABLE_SUFFIXES and content.path not in parted.tables:
            stale.append("/".join(parts))
    done = "it was copied as it is" if len(stale) == 1 else "they were copied as they are"
    notes = [f"{some(stale, 3)} may still name what was left out: {done}"] if stale else []
    return (*notes, *_missed(missed))


def _places(root: Path, entries: Iterable[Entry], members: Mapping[str, Parts]) -> dict[Parts, Content]:
    """The files of images by where they lie below a folder; those that a table holds or names elsewhere do not."""
    files = (entry.content for entry in entries if not entry.content.is_cell)
    placed = ((_below(root, file.path) if file.member is None else members[file.member], file) for file in files)
    return {parts: file for parts, file in placed if parts}


def _refuse_beyond(root: Path, entries: Iterable[Entry]) -> None:
    """See that a copy of the tables would find the images.

    Raises:
        DataError: A table names an image beyond the folder that is copied by a relative path.
    """
    for entry in entries:
        path = Path(entry.content.path)
        if not entry.row or entry.content.is_cell or _below(root, entry.content.path):
            continue
        if path.is_relative_to(folder := Path(entry.row.table).parent):
            rule = "images must lie below the folder that is copied, or be named by their full path"
            remedy = "A copy of the table would not find it."
            raise DataError(f"{entry.row.table}: {rule}; received {path.relative_to(folder)}. {remedy}")


def _below(root: Path, path: str) -> Parts:
    """The folders of a file below another folder, and its name; empty where it lies elsewhere."""
    plain, top = Path(os.path.normpath(path)), os.path.normpath(root)
    return plain.relative_to(top).parts if plain.is_relative_to(top) else ()


def _called(tree: Tree, sources: Collection[str]) -> Iterator[Parts]:
    """The files of a tree that are called so in messages."""
    for parts, _ in tree.files if sources else ():
        if tree.source(parts).encode(errors="backslashreplace").decode() in sources:
            yield parts


def _annotations(folder: Parts, content: Content, gone: Iterable[Parts], kept: Iterable[Parts]) -> Content:
    """A text that says the classes of the images below its folder, without those that are left out."""

    def names(images: Iterable[Parts]) -> set[str]:
        below = [parts[len(folder) :] for parts in images if parts[: len(folder)] == folder]
        return {name for parts in below for name in ("/".join(parts), parts[-1])}

    if not (unused := names(gone) - names(kept)):
        return content
    try:
        return replace(content, raw=without_images(content, unused))
    except DAMAGED:
        return content


def _copy(content: Content, to: Path) -> bool:
    """Copy a file as it is; False where it cannot be read."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if content.member is None and content.raw is None:
        if not Path(content.path).is_file():
            return False
        shutil.copy2(content.path, to)
        return True
    try:
        raw = content.read()
    except DAMAGED:
        return False
    to.write_bytes(raw)
    return True


def _copy_table(table: Path, parted: Parted, out: Path) -> tuple[str, ...]:
    """Copy a table but for the rows that are left out, and the images that its paths lead to from where it lies."""
    without_rows(table, parted.rows.get(str(table), ()), out / table.name)
    _refuse_beyond(table.parent, parted.kept)
    places = _places(table.parent, parted.kept, {})
    return _missed(sum(not _copy(content, out.joinpath(*parts)) for parts, content in places.items()))


def _missed(count: int) -> tuple[str, ...]:
    are = "was" if count == 1 else "were"
    return (f"{counted(count, 'file')} that cannot be read {are} not copied",) if count else ()


def _pixel_rows(table: Path, splits: DataSplits, removal: Removal) -> set[int]:
    """The rows of a table of pixels that are left out, by their numbers."""
    gone = {rejected.row for rejected in splits.rejected if rejected.source in removal.files}
    numbers = {row.number for row in gone if row and row.table == str(table)}
    start = f"{table}, row "
    for split, dataset in datasets_of(splits).items():
        sources = np.array(dataset.sources)[~removal.kept(split, len(dataset))].tolist()
        numbers |= {int(source.removeprefix(start)) for source in sources if source.startswith(start)}
    return numbers


def _copy_arrays(place: Path, arrays: dict[str, ndarray], removal: Removal, out: Path) -> tuple[str, ...]:
    """Copy arrays of images and labels under their names, as they are but for what is left out."""
    copies: dict[str, Any] = {}
    for split in KEYS:
        if names := pair_names(arrays, split):
            kept = removal.kept(split, len(arrays[names[1]]))
            copies |= {name: arrays[name][kept] for name in names}
    if place.is_dir():
        for name, array in copies.items():
            np.save(out / f"{name}.npy", array, allow_pickle=False)
    else:
        np.savez(out / place.name, **copies)
    others = sorted(set(arrays) - set(copies))
    return (f"arrays that are neither images nor labels were not copied: {', '.join(others)}",) if others else ()


def _copy_decoded(splits: DataSplits, removal: Removal, out: Path) -> tuple[str, ...]:
    """Write the images as they were read to an .npz file."""
    copies: dict[str, Any] = {}
    for split, dataset in datasets_of(splits).items():
        images, labels = KEYS[split][0]
        kept = removal.kept(split, len(dataset))
        copies |= {images: dataset.images[kept], labels: np.array(dataset.class_names)[dataset.labels[kept]]}
    name = f"{plain_name(splits.name, keep='.')}.npz"
    np.savez(out / name, **copies)
    return (f"the copy is {name}, with the classes as texts",)
