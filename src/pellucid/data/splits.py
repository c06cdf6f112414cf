"""Holding images out: seeded, and with the same share of each class."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from pellucid.data.dataset import ImageDataset
from pellucid.errors import DataError
from pellucid.spec.seeds import derive_seed

Rows = Int64[ndarray, " rows"]


def hold_out(dataset: ImageDataset, share: float, seed: int) -> tuple[Rows, Rows]:
    """Choose images to hold out, class by class.

    The total is the share rounded to whole images; each class gives its part of it by the largest remainder.

    Args:
        dataset: The images to choose from.
        share: Part to hold out, above 0 and below 1.
        seed: The run's seed; the same seed chooses the same images.

    Returns:
        Indices of the kept and of the held-out images, both rising.

    Raises:
        DataError: A class is too small to stand on both sides.
    """
    sizes = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    numbers = _apportion(sizes, share)
    small = [
        f"{name} ({size} images)"
        for name, size, number in zip(dataset.class_names, sizes, numbers, strict=True)
        if size and not 0 < number < size
    ]
    if small:
        rule = f"validation_split must leave each class an image on both sides; received {share}, too small for"
        raise DataError(f"{rule} {', '.join(small)}. Add images, or change validation_split.")
    order = np.random.default_rng(derive_seed(seed, "hold out")).permutation(len(dataset))
    by_class = order[np.argsort(dataset.labels[order], kind="stable")]
    starts = np.cumsum(sizes) - sizes
    held_out = np.zeros(len(dataset), bool)
    for start, number in zip(starts, numbers, strict=True):
        held_out[by_class[start : start + number]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _apportion(sizes: np.ndarray, share: float) -> np.ndarray:
    """Whole numbers near share * sizes that add up to the rounded total (largest remainder)."""
    exact = sizes * share
    numbers = np.floor(exact).astype(np.int64)
    missing = round(exact.sum()) - numbers.sum()
    numbers[np.argsort(numbers - exact, kind="stable")[:missing]] += 1
    return numbers
