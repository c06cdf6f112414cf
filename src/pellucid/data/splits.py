"""Holding images out: seeded, the same share of each class, and stable when images are added."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64, UInt64
from numpy import ndarray

from pellucid.data.dataset import ImageDataset
from pellucid.errors import DataError
from pellucid.spec.seeds import derive_seed
from pellucid.words import counted, some

Rows = Int64[ndarray, " _"]
KEPT, HELD_OUT = 0, 1  # the sides of a split


def hold_out(
    dataset: ImageDataset, share: float, seed: int, purpose: str = "hold out", least_kept: int = 1
) -> tuple[Rows, Rows]:
    """Choose images to hold out.

    The hash of an image (of its file's bytes, or of its pixels where it is an array) or of its group decides alone. So
    images that are added move none of the others, equal images fall on the same side, groups are never parted, and
    each class gives its share, give or take chance. Only where chance leaves a class without an image on one side, the
    image nearest to that side goes there. A class that cannot stand on both sides is kept, and none of it held out.

    Args:
        dataset: The images to choose from.
        share: Part of the images to hold out, above 0 and below 1.
        seed: The run's seed.
        purpose: Tells one split of the same images from another.
        least_kept: How many different images, or groups, of each class are kept at least, as long as one is left to
            be held out; 2 where another split is to be held out of those that are kept.

    Returns:
        Indices of the kept and of the held-out images, both rising.

    Raises:
        DataError: No class can stand on both sides.
    """
    seed = derive_seed(seed, purpose)
    return part(dataset.split_keys, dataset.labels, dataset.class_names, share, seed, least_kept)


def part(
    keys: UInt64[ndarray, " n"],
    labels: Int64[ndarray, " n"],
    class_names: tuple[str, ...],
    share: float,
    seed: int,
    least_kept: int = 1,
) -> tuple[Rows, Rows]:
    """`hold_out` for images of which only their keys and labels are known."""
    places = _places(keys, seed)
    held_out = places < np.uint64(min(int(share * 2**64), 2**64 - 1))
    for label in range(len(class_names)):
        _bring_to_both_sides(held_out, places, labels == label)
    held_out = _Units(places, labels, len(class_names), held_out).shared_out(least_kept)
    if not held_out.any():
        received = _classes(class_names, labels, np.unique(labels))
        remedy = "Add images, or hold out nothing (--no-validation, --no-test)."
        raise DataError(
            f"A split needs a class that has different images, or groups, for both sides; received {received}. {remedy}"
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def absent_note(
    split: str, labels: Int64[ndarray, " n"], held_out: Rows, class_names: tuple[str, ...], noun: str = "image"
) -> list[str]:
    """Say which classes have no image in a split that was held out; nothing where all have one.

    Args:
        split: What the split is called.
        labels: Classes of all images that it was held out of.
        held_out: Rows of the images in it.
        class_names: Name of each class.
        noun: What the images are called that it was held out of.
    """
    absent = np.setdiff1d(labels, labels[held_out])
    if not len(absent):
        return []
    why = "too few to share out, or equal, or of one group"
    return [f"the {split} split has no image of {_classes(class_names, labels, absent, noun)}: {why}."]


def _classes(
    names: tuple[str, ...], labels: Int64[ndarray, " n"], chosen: Int64[ndarray, " c"], noun: str = "image"
) -> str:
    sizes = np.bincount(labels, minlength=len(names))
    return some([f"{names[label]} ({counted(int(sizes[label]), noun)})" for label in chosen])


def _bring_to_both_sides(
    held_out: Bool[ndarray, " n"], places: UInt64[ndarray, " n"], members: Bool[ndarray, " n"]
) -> None:
    """Move the nearest of a class where all of it stands on one side, with all that has the same place."""
    if members.any() and not held_out[members].any():
        held_out[places == places[members].min()] = True
    elif members.any() and held_out[members].all():
        held_out[places == places[members].max()] = False


class _Units:
    """What is never parted: images of one place, which are equal or of one group, in the order of their places."""

    def __init__(
        self,
        places: UInt64[ndarray, " n"],
        labels: Int64[ndarray, " n"],
        classes: int,
        held_out: Bool[ndarray, " n"],
    ) -> None:
        _, first, self.of_image = np.unique(places, return_index=True, return_inverse=True)
        pairs = np.unique(self.of_image * classes + labels)
        self.units, self.labels = pairs // classes, pairs % classes
        self.starts = np.searchsorted(self.units, np.arange(len(first) + 1))
        self.side = held_out[first].astype(np.int64)
        sides = self.side[self.units]
        self.counts = np.stack([np.bincount(self.labels[sides == side], minlength=classes) for side in (0, 1)])

    def shared_out(self, least_kept: int) -> Bool[ndarray, " n"]:
        """Which images are held out once each class stands on both sides, as far as it can.

        Only units of classes that lack some are moved. To train on comes first; of two units one is held out; a third
        one is kept where two are to be kept.
        """
        totals = self.counts.sum(axis=0)
        to_train_on = np.minimum(totals, 1)
        kept, held_out = np.clip(totals - 1, to_train_on, least_kept), np.clip(totals - 1, 0, 1)
        self._fill(KEPT, to_train_on, np.zeros_like(totals))
        self._fill(HELD_OUT, held_out, kept)
        self._fill(KEPT, kept, held_out)
        return self.side[self.of_image] == HELD_OUT

    def _fill(self, side: int, least: Int64[ndarray, " c"], others: Int64[ndarray, " c"]) -> None:
        """Bring the nearest units to a side until each class has its least there; none gets less on the other side."""
        for label in np.flatnonzero(self.counts[side] < least):
            own = self.units[self.labels == label]
            for unit in own if side == HELD_OUT else own[::-1]:
                within = self.labels[self.starts[unit] : self.starts[unit + 1]]
                if self.counts[side][label] >= least[label]:
                    break
                if self.side[unit] != side and (self.counts[1 - side][within] > others[within]).all():
                    self.side[unit] = side
                    self.counts[side][within] += 1
                    self.counts[1 - side][within] -= 1


def _places(keys: UInt64[ndarray, " n"], seed: int) -> UInt64[ndarray, " n"]:
    """Spread keys evenly over the numbers of 64 bits, anew for each seed (SplitMix64; Steele et al. 2014, OOPSLA)."""
    mixed = keys ^ np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
