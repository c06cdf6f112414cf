"""A trained network judged on labelled images it has not seen, by its answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from numpy import ndarray
from pydantic import Field, model_validator

from pellucid.data.dataset import ImageDataset
from pellucid.errors import RunError
from pellucid.judge.calibration import CalibrationScore, Sureness, reliability
from pellucid.judge.classes import (
    Averages,
    ClassScore,
    ConfusedPair,
    confused_pairs,
    confusion_matrix,
    judged_classes,
)
from pellucid.judge.intervals import wilson_interval
from pellucid.judge.slices import Slice, slices_of, what_is_common
from pellucid.judge.unknown import Unknown
from pellucid.record import OpenRecord, Record
from pellucid.run.base import parsed
from pellucid.run.record import Calibration, Look, TestScore

TOP = (2, 3, 5)


class Neighbour(Record):
    """A training image that a network sees much as it sees another image.

    Attributes:
        index: Which image of the training images, from 0, before any were held out.
        source: The file or row that it came from; None where it has no name.
        label: Its class.
        distance: Distance of what the layer before the last gives for both, as a share of what that gives for the
            image; 0 is the same.
    """

    index: int = Field(ge=0)
    source: str | None = None
    label: str
    distance: float


class TopScore(Record):
    """How often the right class is among the most probable ones.

    Attributes:
        k: How many of the most probable classes.
        accuracy: Share of the images whose class is among them.
        interval: 95% Wilson interval of the share.
    """

    k: int
    accuracy: float
    interval: tuple[float, float]


class Mistake(Record):
    """One wrong answer.

    Attributes:
        index: Which image of the split, from 0.
        source: The file or row that it came from; None where it has no name.
        label: Class of the image.
        predicted: Class that the network answered.
        probability: The probability that the network gave its answer.
        loss: Cross-entropy of the network as it was trained, in nats; None in older files.
        nearest: The training images that it sees as most alike; none where they were not looked for.
    """

    index: int
    source: str | None = None
    label: str
    predicted: str
    probability: float
    loss: float | None = None
    nearest: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What a network answered for labelled images.

    Attributes:
        predicted: Index of the most probable class, [count].
        confidence: Probability of that class, [count].
        losses: Cross-entropy of each answer of the network as it was trained, in nats, [count].
        before: How sure the answers are at temperature 1; None where that is not judged.
        after: How sure they are at the run's temperature; None where it has none.
        ranks: How many classes are more probable than the right one, [count]; None where that is not judged.
    """

    predicted: Int64[ndarray, " count"]
    confidence: Float32[ndarray, " count"]
    losses: Float64[ndarray, " count"]
    before: Sureness | None = None
    after: Sureness | None = None
    ranks: Int64[ndarray, " count"] | None = None


class Beside(Record):
    """What images other than the run's own are held against.

    Attributes:
        test: The run's score on its own test split; None while it was not judged on one.
        mean_brightness: Mean of all values that it was trained on, from 0 (black) to 1.
        trained_on: What the images that it was trained on look like; None where an earlier version trained it.
        judged: What the judged images look like.
    """

    test: TestScore | None
    mean_brightness: float
    trained_on: Look | None
    judged: Look


class Evaluation(OpenRecord):
    """The whole of evaluation.json.

    Attributes:
        data: Name of the data set.
        split: Which split of the data set was judged.
        fingerprint: SHA-256 of the split's images and labels.
        precision: Precision of the network's activations.
        count: How many images were judged.
        loss: Mean cross-entropy of the network as it was trained, in nats.
        accuracy: Share of right answers.
        accuracy_interval: 95% Wilson interval of the accuracy.
        class_names: Name of each class.
        confusion: Counts; a row is what the images are, a column what was answered.
        per_class: Precision, recall and F1 of each class.
        mistakes: All wrong answers, the one with the greatest loss first.
        inverted: Whether dark and bright were exchanged.
        beside: What they are held against where they are not the run's own as it was trained on them; else None.
        calibration: How well the probabilities agree with how often answers are right; None in older files.
        top: How often the right class is among the 2, 3 and 5 most probable ones, as far as there are more classes.
        averages: Precision, recall and F1 as means over the classes that have images; None in older files.
        balanced_accuracy: Mean of the recalls of the classes that have images; None in older files.
        confused: The at most 20 commonest confusions.
        slices: Images that have something in common, and how they fare; none in older files.
        unknown: What comes of the run's "I don't know"; None where it cannot say so, or was not let.
    """

    data: str
    split: str
    fingerprint: str
    precision: str
    count: int
    loss: float
    accuracy: float
    accuracy_interval: tuple[float, float]
    class_names: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    per_class: tuple[ClassScore, ...]
    mistakes: tuple[Mistake, ...]
    inverted: bool = False
    beside: Beside | None = None
    calibration: CalibrationScore | None = None
    top: tuple[TopScore, ...] = ()
    averages: Averages | None = None
    balanced_accuracy: float | None = None
    confused: tuple[ConfusedPair, ...] = ()
    slices: tuple[Slice, ...] = ()
    unknown: Unknown | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Evaluation:
        classes = len(self.class_names)
        if [len(row) for row in self.confusion] != [classes] * classes or len(self.per_class) != classes:
            raise ValueError("confusion and per_class must have an entry for each class")
        if any(not 0 <= mistake.index < self.count for mistake in self.mistakes):
            raise ValueError("mistakes must be among the images that were judged")
        return self

    @property
    def score(self) -> TestScore:
        """Loss, accuracy and interval, as run.json holds them."""
        return TestScore(loss=self.loss, accuracy=self.accuracy, accuracy_interval=self.accuracy_interval)

    def to_json(self) -> str:
        """The text of evaluation.json."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, raw: bytes, path: Path) -> Evaluation:
        """Read what `to_json` wrote. Keys that a later version adds are kept.

        Raises:
            RunError: The text is damaged, or is of something else.
        """
        return parsed(cls, raw, f"{path} is not an evaluation of Pellucid's")


def evaluation_of(
    dataset: ImageDataset,
    answers: Answers,
    *,
    data: str,
    split: str = "test",
    precision: str = "fp32",
    calibration: Calibration | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
) -> Evaluation:
    """Judge the answers of a network.

    Args:
        dataset: The images.
        answers: What was answered for them.
        data: Name of the data set.
        split: Name of the split.
        precision: Precision of the network's activations.
        calibration: What the run's probabilities are calibrated by.
        columns: The text of each image in columns of a table, by their name, to slice by.

    Raises:
        RunError: The network's answers are not finite.
    """
    loss = float(answers.losses.mean())
    if not math.isfinite(loss):
        raise RunError(f"The network's answers must be finite; received a loss of {loss}. Train it anew.")
    names, predicted = dataset.class_names, answers.predicted
    right, count = int((predicted == dataset.labels).sum()), len(dataset)
    matrix = confusion_matrix(dataset.labels, predicted, len(names))
    per_class, averages = judged_classes(matrix, names)
    return Evaluation(
        data=data,
        split=split,
        fingerprint=dataset.fingerprint,
        precision=precision,
        count=count,
        loss=loss,
        accuracy=right / count,
        accuracy_interval=wilson_interval(right, count),
        class_names=names,
        confusion=matrix.tolist(),
        per_class=per_class,
        mistakes=_mistakes(dataset, answers),
        calibration=_calibration(answers, predicted == dataset.labels, calibration),
        top=_top(answers, len(names)),
        averages=averages,
        balanced_accuracy=averages.recall.value,
        confused=confused_pairs(matrix, names),
        slices=slices_of(predicted == dataset.labels, what_is_common(dataset, columns)),
    )


def _mistakes(dataset: ImageDataset, answers: Answers) -> tuple[Mistake, ...]:
    """The wrong answers, the one with the greatest loss first."""
    names, predicted = dataset.class_names, answers.predicted
    wrong = np.flatnonzero(predicted != dataset.labels)
    return tuple(
        Mistake(
            index=index,
            source=dataset.sources[index] if dataset.sources else None,
            label=names[dataset.labels[index]],
            predicted=names[predicted[index]],
            probability=float(answers.confidence[index]),
            loss=float(answers.losses[index]),
        )
        for index in wrong[np.argsort(-answers.losses[wrong], kind="stable")].tolist()
    )


def _top(answers: Answers, classes: int) -> tuple[TopScore, ...]:
    """The accuracy of the most probable few."""
    if answers.ranks is None:
        return ()
    count, found = len(answers.ranks), []
    for k in (k for k in TOP if k < classes):
        right = int((answers.ranks < k).sum())
        found.append(TopScore(k=k, accuracy=right / count, interval=wilson_interval(right, count)))
    return tuple(found)


def _calibration(
    answers: Answers, right: Bool[ndarray, " count"], calibration: Calibration | None
) -> CalibrationScore | None:
    if answers.before is None:
        return None
    before = reliability(answers.before, right)
    return CalibrationScore(
        temperature=calibration.temperature if calibration else None,
        fitted_on=calibration.count if calibration else None,
        before=before,
        after=reliability(answers.after, right) if answers.after else before,
    )
