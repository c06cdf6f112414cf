"""Names of files that look as if many images were of one writer, patient or session."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath

from pellucid.data.dataset import ImageDataset

LEAST_GROUPS, LEAST_IMAGES = 3, 5  # groups in all, and images in each on average
NEARLY_ALL = 0.9  # of the names
PARTS = re.compile(r"[_\-. ]+")


@dataclass(frozen=True)
class Writers:
    """Groups that the names of files tell of.

    Attributes:
        groups: How many there are.
        in_both: How many of them stand in both the training and the test split.
        example: The beginning of the names of one that stands in both.
        images: Test images that are of such a group.
    """

    groups: int
    in_both: int
    example: str
    images: int


def writers_of(train: ImageDataset, test: ImageDataset) -> Writers | None:
    """The groups in the names of two splits, or None where names tell of none, or the data say what belongs together.

    A group is what begins with the same part, up to the first of ``_``, ``-``, ``.`` or a space, and has more parts.
    It tells of a writer only where such parts are few beside the images (at least five images each, on average), more
    than two, in nearly all names, and not the class: most groups must have images of several classes.

    Args:
        train: The training images.
        test: The test images.
    """
    if train.groups is not None or test.groups is not None or not (train.sources and test.sources):
        return None
    images: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    classes: dict[str, set[str]] = defaultdict(set)
    for side, split in enumerate((train, test)):
        for source, label in zip(split.sources or (), split.labels.tolist(), strict=True):
            if beginning := _beginning(source):
                images[beginning][side] += 1
                classes[beginning].add(split.class_names[label])
    told, total = sum(map(sum, images.values())), len(train) + len(test)
    mixed = sum(len(found) > 1 for found in classes.values())
    few = LEAST_GROUPS <= len(images) <= told / LEAST_IMAGES
    if not few or told < NEARLY_ALL * total or mixed * 2 < len(images):
        return None
    shared = [name for name, (trained, tested) in images.items() if trained and tested]
    example = max(shared, key=lambda name: sum(images[name]), default="")
    return Writers(len(images), len(shared), example, sum(images[name][1] for name in shared))


def _beginning(source: str) -> str | None:
    parts = PARTS.split(PurePosixPath(source.replace("\\", "/")).stem)
    return parts[0] if len(parts) > 1 and parts[0] else None
