"""What a copy of a data set leaves out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.listing import Entry, Listing
from pellucid.errors import DataError


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
        for split, dataset in datasets_of(splits).items():
            left = np.unique(dataset.labels[self.kept(split, len(dataset))])
            gone = np.setdiff1d(dataset.labels, left)
            emptied += [f"no image of class {splits.class_names[label]} is left in {split}" for label in gone.tolist()]
        return tuple(emptied)


@dataclass(frozen=True)
class Parted:
    """The images of a listing, parted into those that are copied and those that are left out.

    Attributes:
        kept: Those that are copied, those that could not be read among them.
        left_out: Those that are not.
        files: What is not used as an image, and left out as well, by source.
        rows: Of each table, the numbers of the rows to leave out; none where it stays as it is.
        tables: The tables that name or hold the images.
    """

    kept: tuple[Entry, ...]
    left_out: tuple[Entry, ...]
    files: Collection[str]
    rows: Mapping[str, Collection[int]]
    tables: Collection[str]

    @classmethod
    def of(cls, listing: Listing, splits: DataSplits, removal: Removal) -> Parted:
        """Part a listing by what was read of it.

        Raises:
            DataError: The images are not those that were read.
        """
        left = {
            split: zip(dataset.sources or (), removal.kept(split, len(dataset)).tolist(), strict=True)
            for split, dataset in datasets_of(splits).items()
        }
        awaited = {split: next(images, None) for split, images in left.items()}
        parted: dict[bool, list[Entry]] = {True: [], False: []}
        for entry in listing.entries:
            split = entry.split or "train"
            image = awaited.get(split)
            if image and image[0] == entry.source:
                awaited[split] = next(left[split], None)
                parted[image[1]].append(entry)
            else:  # it could not be read, and is no image of the data set
                parted[entry.source not in removal.files].append(entry)
        if any(awaited.values()):
            raise DataError(f"{listing.name}: the files have changed since they were read. Give the command again.")
        rows: dict[str, set[int]] = {}
        unused = (rejected.row for rejected in listing.rejected if rejected.source in removal.files)
        for row in (*(entry.row for entry in parted[False]), *unused):
            if row:
                rows.setdefault(row.table, set()).add(row.number)
        tables = {found.row.table for found in (*listing.entries, *listing.rejected) if found.row}
        return cls(tuple(parted[True]), tuple(parted[False]), removal.files, rows, tables)


def datasets_of(splits: DataSplits) -> dict[str, ImageDataset]:
    """The splits that there are, by name."""
    named = {"train": splits.train, "validation": splits.validation, "test": splits.test if splits.has_test else None}
    return {split: dataset for split, dataset in named.items() if dataset is not None}
