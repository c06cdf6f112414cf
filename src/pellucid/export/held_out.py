"""The held-out images that an export is proved on, found anew by each process that answers for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Shaped, UInt8
from numpy import ndarray

from pellucid.bars import make_bar, stderr
from pellucid.data.dataset import ImageDataset
from pellucid.errors import DataError
from pellucid.export.parity import ProofData
from pellucid.run.record import RunRecord
from pellucid.trained.data import load_own, require_shape
from pellucid.trained.other import load_other
from pellucid.trained.splits import split_named

Answer = Callable[[UInt8[ndarray, "count height width channels"]], Shaped[ndarray, "count classes"]]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Images that a run was not trained on.

    Attributes:
        images: uint8, [count, height, width, channels].
        data: What they are.
        sources: File or row that each came from; None where they have no names.
    """

    images: UInt8[ndarray, "count height width channels"]
    data: ProofData
    sources: tuple[str, ...] | None = None

    def names(self) -> list[str]:
        """What each image is called."""
        return list(self.sources) if self.sources else [f"{self.data.split} image {n}" for n in range(len(self.images))]


def held_out_images(record: RunRecord, source: str | None = None, arrays: Path | None = None) -> HeldOut:
    """The test split of a run's data, or the validation split where they have no test split.

    Args:
        record: Of the run.
        source: Other data to take them from, as `load_data` takes it.
        arrays: A .npy file that holds them, for data that are nowhere else.

    Raises:
        DataError: There are none.
    """
    name = record.data.name
    if arrays:
        images = np.load(arrays, mmap_mode="r", allow_pickle=False)
        return HeldOut(images, ProofData(name=name, split=arrays.stem, images=len(images)))
    if source:
        splits = load_other(record, source)
        return _of(splits.name, "test", splits.test, record)
    splits = load_own(record)
    split = "test" if splits.has_test else "validation"
    try:
        dataset = split_named(splits, split, record.train.validation_split, record.train.seed)
    except DataError as error:
        raise DataError(f"{error} An export is proved on held-out images: give some with --data.") from None
    return _of(name, split, dataset, record)


def answered(
    answer: Answer, images: UInt8[ndarray, "count height width channels"], at_once: int, what: str
) -> Float32[ndarray, "count classes"]:
    """What something answers for images, some at a time, with a bar on stderr where that is a terminal.

    Args:
        answer: What is asked.
        images: uint8.
        at_once: How many at a time.
        what: What is done, for the bar.
    """
    parts = []
    with make_bar(stderr()) as bar:
        task = bar.add_task(what, total=len(images))
        for start in range(0, len(images), at_once):
            part = np.array(images[start : start + at_once])  # torch takes no mapped file that is read only
            parts.append(answer(part))
            bar.advance(task, len(part))
    return np.concatenate(parts)


def _of(name: str, split: str, dataset: ImageDataset, record: RunRecord) -> HeldOut:
    require_shape(record, dataset)
    data = ProofData(name=name, split=split, images=len(dataset), fingerprint=dataset.fingerprint)
    return HeldOut(dataset.images, data, dataset.sources)
