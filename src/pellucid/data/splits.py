"""Holding images out: seeded, the same share of each class, and stable when images are added."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64, UInt64
from numpy import ndarray

from pellucid.data.dataset import ImageDataset
from pellucid.errors import DataError
from pellucid.spec.seeds import derive_seed

Rows = Int64[ndarray, " _"]


def hold_out(dataset: ImageDataset, share: float, seed: int, purpose: str = "hold out") -> tuple[Rows, Rows]:
    """Choose images to hold out.

    The hash of an image (of its file's bytes, or of its pixels where it is an array) or of its group decides alone. So
    images that are added move none of the others, equal images fall on the same side, groups are never parted, and
    each class gives its share, give or take chance. Only where chance leaves a class without an image on one side, the
    image nearest to that side goes there.

    Args:
        dataset: The images to choose from.
        share: Part of the images to hold out, above 0 and below 1.
        seed: The run's seed.
        purpose: Tells one split of the same images from another.

    Returns:
        Indices of the kept and of the held-out images, both rising.

    Raises:
        DataError: A class cannot stand on both sides.
    """
    return part(dataset.split_keys, dataset.labels, dataset.class_names, share, derive_seed(seed, purpose))


def part(
    keys: UInt64[ndarray, " n"], labels: Int64[ndarray, " n"], class_names: tuple[str, ...], share: float, seed: int
) -> tuple[Rows, Rows]:
    """`hold_out` for images of which only their keys and labels are known."""
    places = _places(keys, seed)
    held_out = places < np.uint64(min(int(share * 2**64), 2**64 - 1))
    for label in range(len(class_names)):
        _bring_to_both_sides(held_out, places, labels == label)
    sides = np.stack([np.bincount(labels[side], minlength=len(class_names)) for side in (~held_out, held_out)])
    small = [
        f"{name} ({size} images)"
        for name, size, least in zip(class_names, sides.sum(axis=0), sides.min(axis=0), strict=True)
        if size and not least
    ]
    if small:
        rule = "Each class must have different images, or groups, for both sides of a split; received too few in"
        raise DataError(f"{rule} {', '.join(small)}. Add images, or hold out nothing (--no-validation, --no-test).")
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _bring_to_both_sides(
    held_out: Bool[ndarray, " n"], places: UInt64[ndarray, " n"], members: Bool[ndarray, " n"]
) -> None:
    """Move the nearest of a class where all of it stands on one side, with all that has the same place."""
    if members.any() and not held_out[members].any():
        held_out[places == places[members].min()] = True
    elif members.any() and held_out[members].all():
        held_out[places == places[members].max()] = False


def _places(keys: UInt64[ndarray, " n"], seed: int) -> UInt64[ndarray, " n"]:
    """Spread keys evenly over the numbers of 64 bits, anew for each seed (SplitMix64; Steele et al. 2014, OOPSLA)."""
    mixed = keys ^ np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
