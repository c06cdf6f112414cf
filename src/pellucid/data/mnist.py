"""MNIST, packaged: 60,000 and 10,000 handwritten digits of 28x28 pixels. ORIGIN.md has its authors and licence."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.idx import read_idx

FOLDER = Path(__file__).parent / "mnist"
CLASS_NAMES = tuple("0123456789")
COUNTS = {"train": 60_000, "t10k": 10_000}
# Of the uncompressed bytes.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def load_mnist(folder: Path = FOLDER) -> DataSplits:
    """MNIST in its published splits; the test split is read when it is first asked for.

    Args:
        folder: Where the four gzipped IDX files lie.

    Raises:
        DataError: A file is missing, damaged or altered.
    """
    return DataSplits("mnist", _split(folder, "train"), partial(_split, folder, "t10k"))


def _split(folder: Path, part: str) -> ImageDataset:
    count = COUNTS[part]
    images = _read(folder, f"{part}-images-idx3-ubyte", (count, 28, 28))
    labels = _read(folder, f"{part}-labels-idx1-ubyte", (count,))
    return ImageDataset(images[..., np.newaxis], labels.astype(np.int64), CLASS_NAMES)


def _read(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    return read_idx(folder / f"{name}.gz", shape, SHA256[name])
