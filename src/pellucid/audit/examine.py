"""The examination of a data set."""

from __future__ import annotations

import numpy as np

from pellucid.audit.crops import cropped_copies
from pellucid.audit.duplicates import exact_duplicates, near_duplicates
from pellucid.audit.findings import Audit, ClassCount, Member, RejectedFile, SmallClass
from pellucid.audit.pool import Pool
from pellucid.audit.quality import oddities, unmeasured
from pellucid.data.dataset import DataSplits


def examine(splits: DataSplits) -> Audit:
    """Look for what spoils training and judging: leaks, conflicts, gaps. Nothing is deleted or changed.

    Args:
        splits: The data; its test split is read.

    Returns:
        What was found, in all splits that there are.
    """
    pool = Pool.of(splits)
    classes = _class_counts(pool)
    near = near_duplicates(pool)
    crops = cropped_copies(pool)
    sizes = [counted.counts["train"] for counted in classes if counted.counts["train"]]
    return Audit(
        data=splits.name,
        location=splits.location,
        splits={split: len(dataset) for split, dataset in pool.datasets.items()},
        image_shape=splits.train.input_shape,
        classes=classes,
        imbalance=max(sizes) / min(sizes),
        rejected=tuple(RejectedFile(source=file.source, reason=file.reason) for file in splits.rejected),
        exact=exact_duplicates(pool),
        near=near.duplicates,
        turned=near.turned,
        cropped=crops.duplicates,
        small_classes=_small_classes(classes),
        constant=_constant(pool),
        odd=oddities(pool),
        notes=(*splits.notes, *filter(None, [near.note, crops.note, unmeasured(splits)])),
    )


def _class_counts(pool: Pool) -> tuple[ClassCount, ...]:
    names = next(iter(pool.datasets.values())).class_names
    table = {
        split: np.bincount(dataset.labels, minlength=len(names)).tolist() for split, dataset in pool.datasets.items()
    }
    return tuple(
        ClassCount(
            name=name,
            counts={split: counts[i] for split, counts in table.items()},
            total=sum(counts[i] for counts in table.values()),
        )
        for i, name in enumerate(names)
    )


def _small_classes(classes: tuple[ClassCount, ...]) -> tuple[SmallClass, ...]:
    return tuple(SmallClass(name=counted.name, reason=reason) for counted in classes if (reason := _gap(counted)))


def _gap(counted: ClassCount) -> str:
    """What keeps a class from standing in all splits; empty where nothing does."""
    if counted.total == 0:
        return "no images"
    missing = [split for split, number in counted.counts.items() if not number]
    reasons = ["a single image"] if counted.total == 1 else []
    reasons += [f"none in {' and '.join(missing)}"] if missing else []
    return ", ".join(reasons)


def _constant(pool: Pool) -> tuple[Member, ...]:
    found = []
    for rows in pool.chunks(np.arange(len(pool))):
        images = pool.images(rows)
        same = (images == images[:, :1, :1]).all(axis=(1, 2, 3))
        found += rows[same].tolist()
    return tuple(pool.member(row) for row in found)
