"""A trained network judged on labelled images it has not seen, by its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray
from pydantic import BaseModel, ConfigDict

from pellucid.data.dataset import ImageDataset
from pellucid.errors import RunError
from pellucid.judge.intervals import wilson_interval
from pellucid.run.base import parsed
from pellucid.run.record import Look, TestScore


class ClassScore(BaseModel):
    """How one class fares. A ratio whose denominator is 0 is None.

    Attributes:
        name: The class.
        support: Images that are of the class.
        precision: Share of the answers for the class that are right.
        recall: Share of the class's images that are answered right.
        f1: Harmonic mean of precision and recall.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    name: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None


class Mistake(BaseModel):
    """One wrong answer.

    Attributes:
        index: Which image of the split, from 0.
        source: The file or row that it came from; None where it has no name.
        label: Class of the image.
        predicted: Class that the network answered.
        probability: The probability that the network gave its answer.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    index: int
    source: str | None = None
    label: str
    predicted: str
    probability: float


@dataclass(frozen=True)
class Answers:
    """What a network answered for labelled images.

    Attributes:
        predicted: Index of the most probable class, [count].
        confidence: Probability of that class, [count].
        losses: Cross-entropy of each answer, in nats, [count].
    """

    predicted: Int64[ndarray, " count"]
    confidence: Float32[ndarray, " count"]
    losses: Float64[ndarray, " count"]


class Beside(BaseModel):
    """What images other than the run's own are held against.

    Attributes:
        test: The run's score on its own test split; None while it was not judged on one.
        mean_brightness: Mean of all values that it was trained on, from 0 (black) to 1.
        trained_on: What the images that it was trained on look like; None where an earlier version trained it.
        judged: What the judged images look like.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    test: TestScore | None
    mean_brightness: float
    trained_on: Look | None
    judged: Look


class Evaluation(BaseModel):
    """The whole of evaluation.json.

    Attributes:
        data: Name of the data set.
        split: Which split of the data set was judged.
        fingerprint: SHA-256 of the split's images and labels.
        precision: Precision of the network's activations.
        count: How many images were judged.
        loss: Mean cross-entropy, in nats.
        accuracy: Share of right answers.
        accuracy_interval: 95% Wilson interval of the accuracy.
        class_names: Name of each class.
        confusion: Counts; a row is what the images are, a column what was answered.
        per_class: Precision, recall and F1 of each class.
        mistakes: All wrong answers, in the order of the images.
        inverted: Whether dark and bright were exchanged.
        beside: What they are held against where they are not the run's own as it was trained on them; else None.
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

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
) -> Evaluation:
    """Judge the answers of a network.

    Args:
        dataset: The images.
        answers: What was answered for them.
        data: Name of the data set.
        split: Name of the split.
        precision: Precision of the network's activations.

    Raises:
        RunError: The network's answers are not finite.
    """
    loss = float(answers.losses.mean())
    if not math.isfinite(loss):
        raise RunError(f"The network's answers must be finite; received a loss of {loss}. Train it anew.")
    names, predicted = dataset.class_names, answers.predicted
    right, count = int((predicted == dataset.labels).sum()), len(dataset)
    matrix = confusion_matrix(dataset.labels, predicted, len(names))
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
        per_class=class_scores(matrix, names),
        mistakes=tuple(
            Mistake(
                index=index,
                source=dataset.sources[index] if dataset.sources else None,
                label=names[dataset.labels[index]],
                predicted=names[predicted[index]],
                probability=float(answers.confidence[index]),
            )
            for index in np.flatnonzero(predicted != dataset.labels).tolist()
        ),
    )


def confusion_matrix(
    labels: Int64[ndarray, " count"], predicted: Int64[ndarray, " count"], classes: int
) -> Int64[ndarray, "classes classes"]:
    """Counts of each label (row) with each answer (column)."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def class_scores(confusion: Int64[ndarray, "classes classes"], names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of each class, from the confusion matrix."""
    hits, support, answered = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return tuple(
        ClassScore(
            name=name,
            support=int(support[i]),
            precision=_ratio(hits[i], answered[i]),
            recall=_ratio(hits[i], support[i]),
            f1=_ratio(2 * hits[i], answered[i] + support[i]),
        )
        for i, name in enumerate(names)
    )


def _ratio(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None
