"""NumPy archives and IDX folders: images that are arrays already."""

from __future__ import annotations

import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.archives import DAMAGED
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.idx import read_idx
from pellucid.data.listing import natural_order
from pellucid.errors import DataError

KEYS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels"), ("images", "labels"), ("x", "y")),
    "validation": (("x_val", "y_val"), ("val_images", "val_labels"), ("x_valid", "y_valid")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
NEARLY_BLACK = (
    "the images hold 0 and 1 alone, where white is 255. If 1 stands for white, save them times 255, or as bool."
)
IDX_NAMES = {"train": "train", "test": "t10k"}


def read_npz(path: Path, location: str = "") -> DataSplits:
    """Read images and labels from a NumPy archive. Pickled objects are refused.

    Keys: x_train, y_train, x_test, y_test (and x_val, y_val); train_images, train_labels, …; images, labels; x, y.

    Raises:
        DataError: The file is damaged, a key is missing, or an array is not of images or labels.
    """
    if path.suffix.lower() == ".npy":
        hint = "Give the folder of x_train.npy and y_train.npy, or save both in one .npz file."
        raise DataError(f"{path}: a .npy file holds no labels. {hint}")
    return _splits(path, _npz_arrays(path), location)


def _npz_arrays(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name.lower(): archive[name] for name in archive.files}
    except (*DAMAGED, AttributeError, TypeError, MemoryError) as error:
        raise DataError(f"{path}: the arrays cannot be read ({error}).") from None


def is_npy_folder(folder: Path) -> bool:
    """Whether a folder holds arrays under the usual names, one a file."""
    return folder.is_dir() and are_arrays(folder.glob("*.npy"))


def are_arrays(files: Iterable[Path]) -> bool:
    """Whether files are called as arrays of training images and labels are."""
    names = {file.stem.lower() for file in files}
    return any(names >= set(pair) for pair in KEYS["train"])


def read_npy_folder(folder: Path, location: str = "") -> DataSplits:
    """Read arrays from a folder with x_train.npy, y_train.npy and the like; see `read_npz`.

    Raises:
        DataError: A file is damaged, or is not of images or labels.
    """
    return _splits(folder, _npy_arrays(folder), location)


def _npy_arrays(folder: Path) -> dict[str, Any]:
    arrays = {}
    for file in sorted(folder.glob("*.npy")):
        try:
            arrays[file.stem.lower()] = np.load(file, allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError, tokenize.TokenError) as error:
            raise DataError(f"{file}: the array cannot be read ({error}).") from None
    return arrays


def read_arrays(path: Path) -> dict[str, Any] | None:
    """The arrays of an .npz file or a folder of .npy files by their names in lower case; None where it is neither.

    Raises:
        DataError: A file is damaged.
    """
    if is_npy_folder(path):
        return _npy_arrays(path)
    return _npz_arrays(path) if path.suffix.lower() == ".npz" else None


def _splits(path: Path, arrays: dict[str, Any], location: str) -> DataSplits:
    """Images and labels of each split, found by the names of their arrays."""
    parts = {split: _pair(arrays, split) for split in KEYS}
    if parts["train"] is None:
        wanted = ", ".join(" and ".join(pair) for pair in KEYS["train"])
        raise DataError(f"{path}: it must hold {wanted}; received {', '.join(arrays) or 'nothing'}.")
    found = {split: pair for split, pair in parts.items() if pair}
    names = _class_names(path, [labels for _, labels in found.values()])
    sets = {split: _dataset(path, split, images, labels, names) for split, (images, labels) in found.items()}
    notes = [NEARLY_BLACK] if max(split.images.max() for split in sets.values()) == 1 else []
    test, validation = sets.get("test"), sets.get("validation")
    return DataSplits(path.stem, sets["train"], test, validation, location=location or str(path), notes=notes)


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder holds IDX files under MNIST's names."""
    return folder.is_dir() and any(folder.glob("train-images*idx3-ubyte*"))


def read_idx_folder(folder: Path, location: str = "") -> DataSplits:
    """Read IDX files under MNIST's names, gzipped or not.

    Raises:
        DataError: A file is missing or damaged.
    """
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for split, prefix in IDX_NAMES.items():
        images, labels = _only(folder, f"{prefix}-images*idx3-ubyte*"), _only(folder, f"{prefix}-labels*idx1-ubyte*")
        if images and labels:
            found[split] = read_idx(images, (None, None, None)), read_idx(labels, (None,))
        elif split == "train" or images or labels:
            raise DataError(f"{folder}: {prefix}-images and {prefix}-labels must both be there.")
    names = _class_names(folder, [labels for _, labels in found.values()])
    sets = {split: _dataset(folder, split, images, labels, names) for split, (images, labels) in found.items()}
    name = folder.resolve().name
    return DataSplits(name, sets["train"], sets.get("test"), location=location or str(folder))


def _only(folder: Path, pattern: str) -> Path | None:
    return next(iter(sorted(folder.glob(pattern))), None)


def pair_names(arrays: Mapping[str, Any], split: str) -> tuple[str, str] | None:
    """What the arrays of a split's images and labels are called; None where there are none."""
    return next((pair for pair in KEYS[split] if arrays.keys() >= set(pair)), None)


def _pair(arrays: dict[str, Any], split: str) -> tuple[np.ndarray, np.ndarray] | None:
    names = pair_names(arrays, split)
    if names is None:
        return None
    images, labels = (arrays[name] for name in names)
    if labels.ndim == 2 and labels.shape[1] == 1:  # as MedMNIST and Keras's CIFAR-10 have it
        return images, labels[:, 0]
    return images, labels


def _class_names(path: Path, labels: list[np.ndarray]) -> tuple[str, ...]:
    for values in labels:
        if values.ndim != 1 or values.dtype.kind not in "iuUS":
            received = f"{values.dtype} {list(values.shape)}"
            raise DataError(f"{path}: labels must be whole numbers or texts, one for each image; received {received}.")
    names = {_text(value) for values in labels for value in np.unique(values)}
    return tuple(sorted(names, key=natural_order))


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _dataset(path: Path, split: str, images: np.ndarray, labels: np.ndarray, names: tuple[str, ...]) -> ImageDataset:
    index = {name: number for number, name in enumerate(names)}
    numbers = np.array([index[_text(value)] for value in labels], np.int64)
    sources = tuple(f"{path}, {split} image {row}" for row in range(len(labels)))
    return ImageDataset(_pixels(path, images), numbers, names, sources)


def _pixels(path: Path, images: np.ndarray) -> np.ndarray:
    """Images as uint8, [count, height, width, channels]."""
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.dtype == bool:
        images = images.astype(np.uint8) * 255
    if images.ndim != 4 or images.dtype.kind not in "uif":
        received = f"{images.dtype} {list(images.shape)}"
        raise DataError(
            f"{path}: images must be [count, height, width] or [count, height, width, channels]; received {received}."
        )
    if images.shape[1] in {1, 3} and images.shape[3] not in {1, 3}:
        images = np.moveaxis(images, 1, 3)
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if images.size and (images.min() < 0 or images.max() > 255 or (images != np.floor(images)).any()):
        rule = "images must be whole numbers from 0 to 255"
        received = f"{images.dtype} from {images.min():g} to {images.max():g}"
        raise DataError(f"{path}: {rule}; received {received}. Scale them, round them, and save them as uint8.")
    return images.astype(np.uint8)
