"""How each class fares, and all of them on average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Shaped
from numpy import ndarray

from pellucid.judge.intervals import f1_interval, mean_interval, wilson_interval
from pellucid.record import Record
from pellucid.spec.seeds import derive_seed

DRAWS, AT_ONCE = 1_000, 100
MOST_PAIRS = 20
ANY = (0.0, 1.0)  # the interval of what nothing is known of
AVERAGED = ("precision", "recall", "f1")
Interval = tuple[float, float]


class ClassScore(Record):
    """How one class fares. A ratio whose denominator is 0 is None, as is its interval.

    Attributes:
        name: The class.
        support: Images that are of the class.
        precision: Share of the answers for the class that are right.
        recall: Share of the class's images that are answered right.
        f1: Harmonic mean of precision and recall.
        precision_interval: 95% Wilson interval; None in older files too, as are the others.
        recall_interval: 95% Wilson interval.
        f1_interval: 95% interval; see `f1_interval` of `intervals`.
    """

    name: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None
    f1_interval: Interval | None = None


class Mean(Record):
    """A mean over classes.

    Attributes:
        value: The mean.
        interval: 95% interval: a bootstrap's, and no narrower than what the classes' own intervals come to.
    """

    value: float
    interval: Interval


class Averages(Record):
    """Means over the classes that have images, each class counting alike however many it has.

    Attributes:
        precision: Of the precisions; that of a class that is never answered is 0.
        recall: Of the recalls: the balanced accuracy.
        f1: Of the F1s.
    """

    precision: Mean
    recall: Mean
    f1: Mean


class ConfusedPair(Record):
    """Two classes of which one is taken for the other.

    Attributes:
        label: What the images are.
        predicted: What was answered.
        count: How many.
        share: Share of the images of the class.
    """

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
    """Precision, recall and F1 of each class and on average.

    The intervals of means are a bootstrap's, which draws images anew from a fixed seed, and so knows how the figures of
    classes hang together. It never draws a mistake that no image made: where mistakes are few it would be too sure. So
    an interval reaches at least as far as those of the classes, taken together as if they were independent.

    Args:
        confusion: Counts; a row is what the images are, a column what was answered. There is at least one image.
        names: Name of each class.
    """
    hits, support, answered = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    concerned, present = support + answered - hits, support > 0
    drawn = np.concatenate([_ratios(*sums) for sums in _resampled(confusion)], axis=1)
    scores = tuple(
        ClassScore(
            name=name,
            support=int(support[i]),
            precision=_ratio(hits[i], answered[i]),
            recall=_ratio(hits[i], support[i]),
            f1=_ratio(2 * hits[i], answered[i] + support[i]),
            precision_interval=wilson_interval(int(hits[i]), int(answered[i])) if answered[i] else None,
            recall_interval=wilson_interval(int(hits[i]), int(support[i])) if support[i] else None,
            f1_interval=f1_interval(int(hits[i]), int(concerned[i])) if concerned[i] else None,
        )
        for i, name in enumerate(names)
    )
    judged = [score for score in scores if score.support]
    means = {name: _mean(judged, name, drawn[row][:, present]) for row, name in enumerate(AVERAGED)}
    return scores, Averages(**means)


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


def _mean(scores: Sequence[ClassScore], name: str, drawn: Float64[ndarray, "draws classes"]) -> Mean:
    """The mean over the classes that have images, and its interval."""
    values = [getattr(score, name) or 0.0 for score in scores]
    low, high = mean_interval(values, [getattr(score, f"{name}_interval") or ANY for score in scores])
    drawn_low, drawn_high = np.quantile(np.nanmean(drawn, axis=1), (0.025, 0.975)).tolist()
    return Mean(value=float(np.mean(values)), interval=(max(0.0, min(low, drawn_low)), min(1.0, max(high, drawn_high))))


def _ratio(part: Shaped[Any, ""], whole: Shaped[Any, ""]) -> float | None:
    return float(part / whole) if whole else None
