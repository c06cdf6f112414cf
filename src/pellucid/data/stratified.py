"""Parts with the same share of each class, seeded: samples, and folds that part nothing that belongs together."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError, Fault, SettingError
from pellucid.spec.seeds import derive_seed

Folds = Int64[ndarray, " count"]
Unit = list[tuple[int, int]]  # images that must not be parted, as (label, how many)


def assign_folds(dataset: ImageDataset, k: int, seed: int) -> Folds:
    """Deal images out to k folds, so that each is held out once.

    What has one split key, a group or equal images, is a unit and goes to one fold. The largest units are dealt first,
    equally large ones in an order that follows from the seed and their keys; each goes to the fold that has the least
    of its classes, measured by the squared share of each class, and among those to the one with the fewest images.
    So where every image is a unit, folds differ by at most one image of any class. The order of the images does not
    matter.

    Args:
        dataset: The images.
        k: How many folds, at least 2.
        seed: Another seed deals in another order.

    Returns:
        Number of each image's fold, from 0 to k - 1.

    Raises:
        SettingError: There are fewer than 2 folds.
        DataError: A fold would stay empty, or a class would stand in one fold alone.

    Source: after the greedy StratifiedGroupKFold of scikit-learn 1.0, with Kohavi 1995 (IJCAI) for stratification.
    """
    if k < 2:
        raise SettingError([Fault("k must be at least 2 folds", str(k), "5 or 10 are usual.")])
    keys, inverse = np.unique(dataset.split_keys, return_inverse=True)
    if len(keys) < k:
        rule = f"Each of {k} folds must have an image, or group, of its own; received {len(keys)} different ones."
        raise DataError(f"{rule} Add images, or take fewer folds.")
    sizes = np.bincount(inverse).tolist()
    ranks = [(-size, derive_seed(seed, "folds", key)) for size, key in zip(sizes, keys.tolist(), strict=True)]
    order = sorted(range(len(keys)), key=ranks.__getitem__)
    folds = np.array(_deal(_units(inverse, dataset), order, k), np.int64)[inverse]
    _require_classes_apart(folds, dataset)
    return folds


def stratified_sample(labels: Int64[ndarray, " count"], most: int, seed: int) -> Int64[ndarray, " sample"]:
    """Some of the images, with the same share of each class as among all, but for one image.

    Args:
        labels: Index of each image's class.
        most: How many images to take; all where there are no more.
        seed: Another seed takes others.

    Returns:
        The rows of the images, rising.
    """
    if most >= len(labels):
        return np.arange(len(labels))
    shuffled = np.random.default_rng(derive_seed(seed, "stratified sample")).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_class[((np.arange(most) + 0.5) * len(labels) / most).astype(np.int64)])


def leave_out(splits: DataSplits, folds: Folds, fold: int) -> tuple[DataSplits, Int64[ndarray, " held_out"]]:
    """The training images without one fold, and the rows of that fold.

    Args:
        splits: The data; their test split is left out.
        folds: Number of each training image's fold, as `assign_folds` gives them.
        fold: Number of the fold to leave out.
    """
    kept, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
    return DataSplits(splits.name, splits.train.subset(kept), None), held_out


def _units(inverse: Int64[ndarray, " count"], dataset: ImageDataset) -> list[Unit]:
    classes = len(dataset.class_names)
    pairs, counts = np.unique(inverse * classes + dataset.labels, return_counts=True)
    units: list[Unit] = [[] for _ in range(int(inverse.max()) + 1)]
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        units[pair // classes].append((pair % classes, count))
    return units


def _deal(units: list[Unit], order: list[int], k: int) -> list[int]:
    """The fold of each unit."""
    totals: dict[int, int] = {}
    for unit in units:
        for label, count in unit:
            totals[label] = totals.get(label, 0) + count
    filled, sizes = {label: [0] * k for label in totals}, [0] * k
    folds = [0] * len(units)
    for place in order:
        unit = units[place]
        costs = [sum(count * filled[label][fold] / totals[label] ** 2 for label, count in unit) for fold in range(k)]
        chosen = min(range(k), key=lambda fold, costs=costs: (costs[fold], sizes[fold]))
        folds[place] = chosen
        for label, count in unit:
            filled[label][chosen] += count
            sizes[chosen] += count
    return folds


def _require_classes_apart(folds: Folds, dataset: ImageDataset) -> None:
    """See that each class can be learnt from other folds than the one that is judged."""
    single = [
        f"{name} ({len(own)} images)"
        for label, name in enumerate(dataset.class_names)
        if len(own := folds[dataset.labels == label]) and (own == own[0]).all()
    ]
    if single:
        rule = "Each class must have different images, or groups, for at least 2 folds; received too few in"
        raise DataError(f"{rule} {', '.join(single)}. Add images of it, or leave the class out.")
