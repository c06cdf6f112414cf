"""The splits of a data set as a training holds them out; training and all that follows find them here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.splits import hold_out
from pellucid.errors import DataError, SettingError, unknown

SPLITS = ("test", "validation", "train")


@dataclass(frozen=True, eq=False)
class Split:
    """Some rows of a data set.

    Attributes:
        dataset: All images that the split is a part of.
        rows: Which of the images belong to the split, rising.
    """

    dataset: ImageDataset
    rows: Int64[ndarray, " rows"]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> Int64[ndarray, " rows"]:
        """Labels of the images of the split."""
        return self.dataset.labels[self.rows]

    @property
    def images(self) -> ImageDataset:
        """The images of the split alone, which are copied unless the split is the whole data set."""
        return self.dataset if len(self) == len(self.dataset) else self.dataset.subset(self.rows)


def held_out(data: DataSplits, share: float | None, seed: int) -> dict[str, Split]:
    """The training split, and the validation split where there is one.

    Args:
        data: The data, whose own validation split, if they bring one, is taken as it is.
        share: Part of the training images to hold out where the data bring no validation split; None holds out nothing.
        seed: Seed of the training.

    Raises:
        DataError: No class has images for both sides.
    """
    if data.validation is not None:
        return {"train": _whole(data.train), "validation": _whole(data.validation)}
    if share is None:
        return {"train": _whole(data.train)}
    kept, chosen = hold_out(data.train, share, seed)
    return {"train": Split(data.train, kept), "validation": Split(data.train, chosen)}


def split_named(data: DataSplits, name: str, share: float | None, seed: int) -> ImageDataset:
    """The images of one split.

    Args:
        data: The data, whose test split is read only when it is asked for.
        name: ``test``, ``validation`` or ``train``.
        share: Part of the training images that was held out; see `held_out`.
        seed: Seed of the training; see `held_out`.

    Raises:
        SettingError: No split has that name.
        DataError: The data have no such split, and the training held none out.
    """
    require_split(name)
    if name == "test":
        return data.test
    splits = held_out(data, share, seed)
    if name not in splits:
        raise DataError("The run held out no validation split.")
    return splits[name].images


def require_split(name: str) -> None:
    """See that a name is a split's.

    Raises:
        SettingError: No split has that name.
    """
    if name not in SPLITS:
        raise SettingError([unknown("split", name, SPLITS)])


def _whole(dataset: ImageDataset) -> Split:
    return Split(dataset, np.arange(len(dataset)))
