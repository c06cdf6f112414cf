"""A trained network judged on labelled images it has not seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from numpy import ndarray
from pydantic import BaseModel, ConfigDict
from torch.nn.functional import cross_entropy

from pellucid.data.dataset import ImageDataset
from pellucid.errors import RunError
from pellucid.evaluate.intervals import wilson_interval
from pellucid.predict import Predictor
from pellucid.run.record import TestScore


class ClassScore(BaseModel):
    """How one class fares. A ratio whose denominator is 0 is None.

    Attributes:
        name: The class.
        support: Images that are of the class.
        precision: Share of the answers for the class that are right.
        recall: Share of its images that are answered right.
        f1: Harmonic mean of the two.
    """

    model_config = ConfigDict(frozen=True)

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
        label: What it is.
        predicted: What the answer was.
        probability: The probability that the network gave its answer.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    source: str | None = None
    label: str
    predicted: str
    probability: float


class Evaluation(BaseModel):
    """The whole of evaluation.json.

    Attributes:
        data: Name of the data set.
        split: Which of its splits.
        fingerprint: SHA-256 of the split's images and labels.
        precision: Of the network's activations.
        count: Images.
        loss: Mean cross-entropy, in nats.
        accuracy: Share of right answers.
        accuracy_interval: 95% Wilson interval of the accuracy.
        class_names: Name of each class.
        confusion: Counts; a row is what the images are, a column what was answered.
        per_class: Precision, recall and F1 of each class.
        mistakes: All wrong answers, in the order of the images.
    """

    model_config = ConfigDict(frozen=True)

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

    @property
    def score(self) -> TestScore:
        """Loss, accuracy and interval, as run.json holds them."""
        return TestScore(loss=self.loss, accuracy=self.accuracy, accuracy_interval=self.accuracy_interval)


def evaluate(predictor: Predictor, dataset: ImageDataset, *, data: str, split: str = "test") -> Evaluation:
    """Judge a network on a split.

    Args:
        predictor: The network.
        dataset: The images, of the shape and classes that it was trained for.
        data: Name of the data set.
        split: Name of the split.

    Raises:
        DataError: The images or classes are others.
        RunError: The network's answers are not finite.
    """
    losses, answers, confidences = [], [], []
    for logits, labels in predictor.logits_of(dataset):
        losses.append(cross_entropy(logits, labels, reduction="none").cpu().double())
        best = logits.softmax(dim=1).max(dim=1)
        confidences.append(best.values.cpu())
        answers.append(best.indices.cpu())
    loss = float(torch.cat(losses).mean())
    if not math.isfinite(loss):
        raise RunError(f"The network's answers must be finite; received a loss of {loss}. Train it anew.")
    predicted, confidence = torch.cat(answers).numpy(), torch.cat(confidences).numpy()
    right, count = int((predicted == dataset.labels).sum()), len(dataset)
    matrix = confusion_matrix(dataset.labels, predicted, len(dataset.class_names))
    names = dataset.class_names
    return Evaluation(
        data=data,
        split=split,
        fingerprint=dataset.fingerprint,
        precision=predictor.precision,
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
                probability=float(confidence[index]),
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
