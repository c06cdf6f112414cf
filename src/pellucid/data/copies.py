"""Copies of a data set without some of its images. What is copied from is never changed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from pellucid.data.arrays import KEYS, pair_names, read_arrays
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.listing import Content, Entry, Listing
from pellucid.data.load import listing_of, place_of
from pellucid.data.tables import TABLE_SUFFIXES, without_rows
from pellucid.errors import DataError
from pellucid.names import plain_name
from pellucid.spec.reading import ReadSpec


@dataclass(frozen=True)
class Removal:
    """What a copy leaves out.

    Attributes:
        rows: Of each split, the images by their index.
        files: What is not used as an image, and left out as well, by source.
    """

    rows: Mapping[str, Collection[int]]
    files: Collection[str] = ()

    @classmethod
    def of(cls, named: Iterable[tuple[str | None, int | None, str | None]]) -> Removal:
        """What is named by split, index and source; what is not used has a source alone."""
        rows: dict[str, set[int]] = {}
        files: set[str] = set()
        for split, index, source in named:
            if split is not None and index is not None:
                rows.setdefault(split, set()).add(index)
            elif source is not None:
                files.add(source)
        return cls(rows, files)

    def kept(self, split: str, count: int) -> Bool[ndarray, " count"]:
        """Which of a split's images are in the copy."""
        kept = np.ones(count, bool)
        kept[sorted(self.rows.get(split, ()))] = False
        return kept

    def emptied(self, splits: DataSplits) -> tuple[str, ...]:
        """Say which classes lose all images of a split."""
        emptied = []
        for split, dataset in _datasets(splits).items():
            left = np.unique(dataset.labels[self.kept(split, len(dataset))])
            gone = np.setdiff1d(dataset.labels, left)
            emptied += [f"no image of class {splits.class_names[label]} is left in {split}" for label in gone.tolist()]
        return tuple(emptied)


def _datasets(splits: DataSplits) -> dict[str, ImageDataset]:
    """The splits that there are, by name."""
    named = {"train": splits.train, "validation": splits.validation, "test": splits.test if splits.has_test else None}
    return {split: dataset for split, dataset in named.items() if dataset is not None}


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
    require_new(out, Path(source))
    scratch = out.absolute().with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        scratch.mkdir()
        notes = _write(source, splits, reading, removal, scratch)
        scratch.rename(out)
    except OSError as error:
        raise DataError(f"{out} cannot be written ({error.strerror or error}). Give another folder.") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
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
    place = place_of(Path(source)) if Path(splits.location).is_absolute() else None
    listing = listing_of(place, reading) if place else None
    if place and listing and place.suffix.lower() in TABLE_SUFFIXES:
        return _copy_table(place, listing, _kept(listing, splits, removal), removal.files, out)
    if place and listing:
        return _copy_files(place, listing, _kept(listing, splits, removal), removal.files, out)
    if place and (arrays := read_arrays(place)):
        return _copy_arrays(place, arrays, removal, out)
    return _copy_decoded(splits, removal, out)


def _kept(listing: Listing, splits: DataSplits, removal: Removal) -> list[Entry]:
    """The entries that are copied: all but those that are left out, those that could not be read among them.

    Raises:
        DataError: The images are not those that were read.
    """
    left = {
        split: zip(dataset.sources or (), removal.kept(split, len(dataset)).tolist(), strict=True)
        for split, dataset in _datasets(splits).items()
    }
    awaited = {split: next(images, None) for split, images in left.items()}
    kept = []
    for entry in listing.entries:
        split = entry.split or "train"
        image = awaited.get(split)
        if image and image[0] == entry.source:
            awaited[split] = next(left[split], None)
            keep = image[1]
        else:  # it could not be read, and is no image of the data set
            keep = entry.source not in removal.files
        kept += [entry] if keep else []
    if any(awaited.values()):
        raise DataError(f"{listing.name}: the files have changed since they were read. Give the command again.")
    return kept


def _copy_files(
    place: Path, listing: Listing, kept: Iterable[Entry], files: Collection[str], out: Path
) -> tuple[str, ...]:
    """Copy the images, and the other files of a folder, to the same places below another."""
    missed = 0
    for entry in kept:
        name = entry.content.member or Path(entry.content.path).relative_to(place).as_posix()
        missed += not _copy(entry.content, out / name)
    for rejected in listing.rejected:
        if rejected.source in files:
            continue
        path = Path(rejected.source)
        inside = place.is_dir() and path.is_relative_to(place) and path.is_file()
        missed += not (inside and _copy(Content(str(path)), out / path.relative_to(place)))
    return (f"{missed} files that are no images or cannot be read were not copied",) if missed else ()


def _copy(content: Content, to: Path) -> bool:
    """Copy a file as it is; False where it cannot be read."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if content.member is None and content.raw is None:
        if not Path(content.path).is_file():
            return False
        shutil.copy2(content.path, to)
        return True
    try:
        to.write_bytes(content.read())
    except ValueError:
        return False
    return True


def _copy_table(place: Path, listing: Listing, kept: list[Entry], files: Collection[str], out: Path) -> tuple[str, ...]:
    """Copy a table but for the rows that are left out, and the images that its paths lead to from where it lies."""
    dropped = {entry.row for entry in listing.entries} - {entry.row for entry in kept}
    dropped |= {rejected.row for rejected in listing.rejected if rejected.source in files}
    without_rows(place, {row for row in dropped if row is not None}, out / place.name)
    missed = 0
    for path in dict.fromkeys(Path(entry.content.path) for entry in kept if entry.content.raw is None):
        if not path.is_relative_to(place.parent):
            continue  # the table names it by its full path, which holds wherever the table lies
        relative = path.relative_to(place.parent)
        if ".." in relative.parts:
            rule = "images must lie below the folder of the table, or be named by their full path"
            raise DataError(f"{place}: {rule}; received {relative}. A copy of the table would not find it.")
        missed += not _copy(Content(str(path)), out / relative)
    return (f"{missed} files that cannot be read were not copied",) if missed else ()


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
    for split, dataset in _datasets(splits).items():
        images, labels = KEYS[split][0]
        kept = removal.kept(split, len(dataset))
        copies |= {images: dataset.images[kept], labels: np.array(dataset.class_names)[dataset.labels[kept]]}
    name = f"{plain_name(splits.name, keep='.')}.npz"
    np.savez(out / name, **copies)
    return (f"the copy is {name}, with the classes as texts",)
