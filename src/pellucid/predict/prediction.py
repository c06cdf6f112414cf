"""Answers with their labels, and with what a run doubts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray

from pellucid.arrays import Float32
from pellucid.judge.conformal import class_limits, prediction_sets
from pellucid.judge.refusal import Doubts, Kind, Limits, Scores, require_share

UNLIKE = "unlike anything trained on"


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    Attributes:
        label: Name of the most probable class, whether the answer is to be believed or not.
        probability: Probability of that class.
        probabilities: Probability of every class, by name; they add up to 1.
        unknown: Whether the run's answer is "I don't know"; None where it was not asked, or cannot tell.
        kind: Why it is: ``foreign``, unlike anything trained on, or ``doubtful``, between two classes; None where it is
            not.
        reason: The same in words, as in "between 4 and 9"; None where it is not.
        foreign: How far the image is from those trained on; None where that cannot be told.
        doubtful: What the probability lacks to 1; None where it was not asked.
        classes: Classes that hold the true one with the coverage that was asked for, the most probable first; None
            where none was asked for.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    unknown: bool | None = None
    kind: Kind | None = None
    reason: str | None = None
    foreign: float | None = None
    doubtful: float | None = None
    classes: tuple[str, ...] | None = None


def predictions_of(
    probabilities: Float32[ndarray, "count classes"], names: Sequence[str], scores: Scores | None, limits: Limits | None
) -> list[Prediction]:
    """Answers by name.

    Args:
        probabilities: Of each class for each image.
        names: Of the classes.
        scores: Doubt about each image; None where it is not asked for.
        limits: The greatest doubt that is answered.
    """
    answers = [_answered(row, names) for row in probabilities]
    if scores is None or limits is None:
        return answers
    foreign = [None] * len(answers) if scores.foreign is None else scores.foreign.tolist()
    rows = zip(answers, scores.kinds(limits), foreign, scores.doubtful.tolist(), strict=True)
    return [
        replace(answer, unknown=kind is not None, kind=kind, reason=_reason(answer, kind), foreign=far, doubtful=torn)
        for answer, kind, far, torn in rows
    ]


def with_sets(answers: Sequence[Prediction], doubts: Doubts, names: Sequence[str], coverage: float) -> list[Prediction]:
    """The same answers, each with a set of classes; see `class_limits`. The most probable class is always in it.

    Args:
        answers: For some images.
        doubts: What the run knows of held-out images.
        names: Of the classes.
        coverage: Share of each class's images whose set is to hold that class.

    Raises:
        SettingError: The coverage is not above 0 and below 1.
    """
    require_share("coverage", coverage)
    limits = class_limits(doubts.lacking, doubts.labels, len(names), coverage)
    table = np.array([list(answer.probabilities.values()) for answer in answers], np.float32).reshape(-1, len(names))
    within = prediction_sets(table, limits)
    within[np.arange(len(table)), table.argmax(axis=1)] = True
    return [
        replace(answer, classes=tuple(names[number] for number in np.argsort(-row, kind="stable") if chosen[number]))
        for answer, row, chosen in zip(answers, table, within, strict=True)
    ]


def _answered(row: Float32[ndarray, " classes"], names: Sequence[str]) -> Prediction:
    by_name = {name: float(value) for name, value in zip(names, row, strict=True)}
    label = max(by_name, key=by_name.__getitem__)
    return Prediction(label, by_name[label], by_name)


def _reason(answer: Prediction, kind: Kind | None) -> str | None:
    if kind != "doubtful":
        return UNLIKE if kind else None
    first, second, *_ = sorted(answer.probabilities, key=lambda name: -answer.probabilities[name])
    return f"between {first} and {second}"
