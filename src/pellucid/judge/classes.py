"""How each class fares, and all of them on average."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped
from numpy import ndarray
from pydantic import BaseModel, ConfigDict

from pellucid.judge.intervals import wilson_interval
from pellucid.spec.seeds import derive_seed

DRAWS, AT_ONCE = 1_000, 100
MOST_PAIRS = 20
Interval = tuple[float, float]


class ClassScore(BaseModel):
    """How one class fares. A ratio whose denominator is 0 is None, as is its interval.

    Attributes:
        name: The class.
        support: Images that are of the class.
        precision: Share of the answers for the class that are right.
        recall: Share of the class's images that are answered right.
        f1: Harmonic mean of precision and recall.
        precision_interval: 95% Wilson interval; None in older files too, as are the others.
        recall_interval: 95% Wilson interval.
        f1_interval: 95% bootstrap interval.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    name: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None
    f1_interval: Interval | None = None


class Mean(BaseModel):
    """A mean over classes.

    Attributes:
        value: The mean.
        interval: 95% bootstrap interval.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    value: float
    interval: Interval


class Averages(BaseModel):
    """Means over the classes that have images, each class counting alike however many it has.

    Attributes:
        precision: Of the precisions; that of a class that is never answered is 0.
        recall: Of the recalls: the balanced accuracy.
        f1: Of the F1s.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    precision: Mean
    recall: Mean
    f1: Mean


class ConfusedPair(BaseModel):
    """Two classes of which one is taken for the other.

    Attributes:
        label: What the images are.
        predicted: What was answered.
        count: How many.
        share: Share of the images of the class.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    label: str
    predicted: str
    count: int
    share: float


def confusion_matrix(
    labels: Int64[ndarray, " count"], predicted: Int64[ndarray, " count"], classes: int
) -> Int64[ndarray, "classes classes"]:
    """Counts of each label (row) with each answer (column)."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def confused_pairs(confusion: Int64[ndarray, "classes classes"], names: tuple[str, ...]) -> tuple[ConfusedPair, ...]:
    """The at most 20 commonest confusions, the commonest first."""
    wrong, support = confusion - np.diag(np.diag(confusion)), confusion.sum(axis=1)
    commonest = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    places = [np.unravel_index(place, wrong.shape) for place in commonest]
    return tuple(
        ConfusedPair(
            label=names[label],
            predicted=names[answer],
            count=int(wrong[label, answer]),
            share=float(wrong[label, answer] / support[label]),
        )
        for label, answer in places
        if wrong[label, answer]
    )


def judged_classes(
    confusion: Int64[ndarray, "classes classes"], names: tuple[str, ...]
) -> tuple[tuple[ClassScore, ...], Averages]:
    """Precision, recall and F1 of each class and on average; the bootstrap draws images anew, from a fixed seed.

    Args:
        confusion: Counts; a row is what the images are, a column what was answered. There is at least one image.
        names: Name of each class.
    """
    hits, support, answered = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    present = support > 0
    drawn = np.concatenate([_ratios(*sums) for sums in _resampled(confusion)], axis=1)
    f1_low, f1_high = np.quantile(np.nan_to_num(drawn[2]), (0.025, 0.975), axis=0)
    scores = tuple(
        ClassScore(
            name=name,
            support=int(support[i]),
            precision=_ratio(hits[i], answered[i]),
            recall=_ratio(hits[i], support[i]),
            f1=_ratio(2 * hits[i], answered[i] + support[i]),
            precision_interval=wilson_interval(int(hits[i]), int(answered[i])) if answered[i] else None,
            recall_interval=wilson_interval(int(hits[i]), int(support[i])) if support[i] else None,
            f1_interval=(float(f1_low[i]), float(f1_high[i])) if answered[i] + support[i] else None,
        )
        for i, name in enumerate(names)
    )
    values = _ratios(hits[None], support[None], answered[None])
    precision, recall, f1 = (_mean(one, many, present) for one, many in zip(values, drawn, strict=True))
    return scores, Averages(precision=precision, recall=recall, f1=f1)


def _resampled(confusion: Int64[ndarray, "classes classes"]) -> Iterator[tuple[Int64[ndarray, "draws classes"], ...]]:
    """Hits, images and answers of each class where as many images are drawn anew, with replacement."""
    random = np.random.default_rng(derive_seed(0, "bootstrap of classes"))
    rows, columns = np.nonzero(confusion)
    counts, classes = confusion[rows, columns], len(confusion)
    for _ in range(DRAWS // AT_ONCE):
        cells = random.multinomial(counts.sum(), counts / counts.sum(), AT_ONCE)
        yield tuple(
            _added(cells[:, chosen], places[chosen], classes)
            for places, chosen in ((rows, rows == columns), (rows, rows >= 0), (columns, rows >= 0))
        )


def _added(
    cells: Int64[ndarray, "draws cells"], places: Int64[ndarray, " cells"], classes: int
) -> Int64[ndarray, "draws classes"]:
    """The sums of the cells that have the same place."""
    sums = np.zeros((classes, len(cells)), np.int64)
    np.add.at(sums, places, cells.T)
    return sums.T


def _ratios(
    hits: Int64[ndarray, "draws classes"],
    support: Int64[ndarray, "draws classes"],
    answered: Int64[ndarray, "draws classes"],
) -> Float64[ndarray, "3 draws classes"]:
    """Precision, recall and F1; NaN where the class has no images, and 0 where it is never answered."""
    with np.errstate(all="ignore"):
        ratios = np.stack([hits / np.maximum(answered, 1), hits / support, 2 * hits / (answered + support)])
    ratios[:, support == 0] = np.nan
    return ratios


def _mean(
    value: Float64[ndarray, "1 classes"], drawn: Float64[ndarray, "draws classes"], present: Bool[ndarray, " classes"]
) -> Mean:
    """The mean over the classes that have images, and its interval."""
    means = np.nanmean(drawn[:, present], axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Mean(value=float(value[0, present].mean()), interval=(float(low), float(high)))


def _ratio(part: Shaped[Any, ""], whole: Shaped[Any, ""]) -> float | None:
    return float(part / whole) if whole else None
