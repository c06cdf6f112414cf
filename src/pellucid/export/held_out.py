"""The images of a run that its export needs, found anew by each process that asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, Shaped, UInt8
from numpy import ndarray

from pellucid.bars import make_bar, stderr
from pellucid.data.dataset import ImageDataset
from pellucid.errors import DataError
from pellucid.export.formats.table import format_named
from pellucid.export.parity import ProofData
from pellucid.export.witness import Question
from pellucid.run.record import RunRecord
from pellucid.spec.seeds import derive_seed
from pellucid.trained.data import load_own, require_shape
from pellucid.trained.other import in_classes_of, load_other
from pellucid.trained.splits import split_named

LABELS, TRAINING = "labels.npy", "training.npy"
CALIBRATION_IMAGES = 500
Answer = Callable[[UInt8[ndarray, "count height width channels"]], Shaped[ndarray, "count classes"]]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Images that a run was not trained on.

    Attributes:
        images: uint8, [count, height, width, channels].
        labels: Which of the run's classes each shows; None for a format whose accuracy is not asked for.
        data: What they are.
        sources: File or row that each came from; None where they have no names.
    """

    images: UInt8[ndarray, "count height width channels"]
    labels: Int64[ndarray, " count"] | None
    data: ProofData
    sources: tuple[str, ...] | None = None

    def names(self) -> list[str]:
        """What each image is called."""
        return list(self.sources) if self.sources else [f"{self.data.split} image {n}" for n in range(len(self.images))]


def held_out_images(record: RunRecord, question: Question) -> HeldOut:
    """The test split of a run's data, or the validation split where they have no test split.

    Args:
        record: Of the run.
        question: Says which other data to take them from, if any. A folder of arrays has ``test.npy`` or
            ``validation.npy``, ``labels.npy`` and ``training.npy``.

    Raises:
        DataError: There are none.
    """
    name = record.data.name
    if question.arrays:
        (place,) = (place for split in ("test", "validation") if (place := question.arrays / f"{split}.npy").exists())
        images = np.load(place, mmap_mode="r", allow_pickle=False)
        data = ProofData(name=name, split=place.stem, images=len(images))
        return HeldOut(images, np.load(question.arrays / LABELS, allow_pickle=False), data)
    if question.source:
        splits = load_other(record, question.source)
        name, split, dataset = splits.name, "test", splits.test
    else:
        splits = load_own(record)
        split = "test" if splits.has_test else "validation"
        try:
            dataset = split_named(splits, split, record.train.validation_split, record.train.seed)
        except DataError as error:
            raise DataError(f"{error} An export is proved on held-out images: give some with --data.") from None
    require_shape(record, dataset)
    data = ProofData(name=name, split=split, images=len(dataset), fingerprint=dataset.fingerprint)
    labels = None if format_named(question.form).exact else in_classes_of(record, dataset).labels
    return HeldOut(dataset.images, labels, data, dataset.sources)


def calibration_images(record: RunRecord, question: Question) -> UInt8[ndarray, "count height width channels"]:
    """Some of the images that a run was trained on, the same each time: what a format may be fitted to.

    Args:
        record: Of the run.
        question: As for `held_out_images`.

    Raises:
        DataError: The data have images of the proof alone.
    """
    if question.arrays:
        return np.load(question.arrays / TRAINING, allow_pickle=False)
    if question.source:
        splits = load_other(record, question.source)
        if splits.train is splits.test:
            rule = "An export is calibrated on other images than it is proved on"
            remedy = "Give data with a training and a test split."
            raise DataError(f"{rule}; {splits.name} has one split alone. {remedy}")
        dataset = splits.train
    else:
        dataset = split_named(load_own(record), "train", record.train.validation_split, record.train.seed)
    require_shape(record, dataset)
    return some_to_calibrate(dataset)


def some_to_calibrate(dataset: ImageDataset) -> UInt8[ndarray, "count height width channels"]:
    """Some images of a training split, by chance, the same each time."""
    order = np.random.default_rng(derive_seed(0, "calibration images")).permutation(len(dataset))
    return np.array(dataset.images[np.sort(order[:CALIBRATION_IMAGES])])


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
