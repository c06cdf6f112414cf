"""Images and labels in IDX files, in the splits that the names of MNIST's and EMNIST's files tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pellucid.data.arrays import splits_of
from pellucid.data.dataset import DataSplits
from pellucid.data.emnist import PARTS, class_numbers, upright
from pellucid.data.idx import read_idx
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec
from pellucid.words import some

# What stands before the split tells one data set from another in the same folder: nothing, or EMNIST and its part.
NAME = re.compile(rf"(emnist-(?:{'|'.join(PARTS)})-)?(train|t10k|test)-(images|labels).*idx[13]-ubyte.*", re.IGNORECASE)
SPLITS = {"train": ("train",), "test": ("t10k", "test")}
WANTED = "train-images-idx3-ubyte and train-labels-idx1-ubyte"


def idx_sets(names: Iterable[str]) -> set[str]:
    """What the names of files begin with, for each data set among them that has training images."""
    found = [match for name in names if (match := NAME.fullmatch(name))]
    return {(match[1] or "").lower() for match in found if match[2].lower() == "train" and match[3].lower() == "images"}


def is_idx(path: Path) -> bool:
    """Whether a path is a folder that holds training images in IDX files, or one of such files."""
    if path.is_dir():
        return bool(idx_sets(file.name for file in path.glob("*-ubyte*")))
    return "-ubyte" in path.name and path.is_file()


def read_idx_set(path: Path, location: str = "", reading: ReadSpec | None = None) -> DataSplits:
    """Read IDX files under MNIST's or EMNIST's names, gzipped or not.

    Args:
        path: Their folder, or one of the files, which stands for all of its data set.
        location: Where `load_data` finds the data again; the folder unless given.
        reading: Its ``value_range`` says which values are black and white.

    Raises:
        DataError: A file is missing or damaged, or the folder holds several data sets.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(folder.glob("*-ubyte*"))
    sets = idx_sets(file.name for file in files)
    if path != folder:
        named = NAME.fullmatch(path.name)
        sets &= {(named[1] or "").lower()} if named else set()
    if not sets:
        raise DataError(f"{path}: IDX files must be called {WANTED}; received {path.name}. Rename them.")
    if len(sets) > 1:
        received = some([f"{name}train-images" for name in sorted(sets)])
        raise DataError(f"{folder}: it holds several data sets; received {received}. Name one of these files.")
    prefix = sets.pop()
    pairs = {split: pair for split in SPLITS if (pair := _pair(folder, files, prefix, split))}
    arrays = {split: (read_idx(x, (None, None, None)), read_idx(y, (None,))) for split, (x, y) in pairs.items()}
    if not prefix:
        return splits_of(folder, folder.resolve().name, arrays, location, reading)
    part = prefix.split("-")[1]
    names = PARTS[part].class_names
    named = {
        split: (upright(images), np.array(names)[class_numbers(part, labels)])
        for split, (images, labels) in arrays.items()
    }
    return splits_of(folder, f"emnist-{part}", named, location, reading, names)


def _pair(folder: Path, files: Iterable[Path], prefix: str, split: str) -> tuple[Path, Path] | None:
    """The files of images and of labels of a split; None where it has neither.

    Raises:
        DataError: One of them is missing.
    """
    found: dict[str, Path] = {}
    for file in files:
        named = NAME.fullmatch(file.name)
        if named and (named[1] or "").lower() == prefix and named[2].lower() in SPLITS[split]:
            found.setdefault(named[3].lower(), file)
    if len(found) == 2:
        return found["images"], found["labels"]
    if found or split == "train":
        word = SPLITS[split][0]
        raise DataError(f"{folder}: {prefix}{word}-images and {prefix}{word}-labels must both be there.")
    return None
