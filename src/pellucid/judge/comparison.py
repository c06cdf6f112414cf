"""Runs compared by what they answered for the same test images, which their evaluation.json alone tells."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from itertools import combinations

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from pellucid.errors import Fault, RunError, SettingError
from pellucid.judge.evaluation import Evaluation
from pellucid.judge.pairs import McNemar, holm, mcnemar, paired_interval
from pellucid.record import Record
from pellucid.run.contents import EVALUATION
from pellucid.run.folder import RunFolder

CONFIDENCE = 0.95
MARGIN = 0.002  # difference of accuracy below which, unless it is told, two runs are as good as each other


class RunPair(Record):
    """Two runs on the same images.

    Attributes:
        first: One run.
        second: The other run.
        difference: Accuracy of the second less that of the first.
        interval: Score interval of the difference over images. Of several pairs, all intervals together hold their
            differences in 95% of comparisons (Bonferroni).
        mcnemar: McNemar's test of the pair alone.
        p_corrected: Its p-value, corrected for the number of pairs (Holm).
        shown: Whether a difference is shown: the corrected p-value is below 0.05.
        within_margin: Whether the whole interval lies within the margin on either side, so that it does not matter.
    """

    first: str
    second: str
    difference: float
    interval: tuple[float, float]
    mcnemar: McNemar
    p_corrected: float
    shown: bool
    within_margin: bool

    @property
    def better(self) -> str | None:
        """The run that is shown to be better; None where none is."""
        if not self.shown:
            return None
        return self.second if self.difference > 0 else self.first


class RunComparison(Record):
    """Runs compared on the same test images.

    Attributes:
        data: Name of the data set.
        split: Which split of it they were judged on.
        count: How many images it has.
        margin: Difference of accuracy below which a difference does not matter.
        accuracies: Accuracy of each run.
        intervals: 95% Wilson interval of each accuracy.
        pairs: Each two of the runs.
    """

    data: str
    split: str
    count: int
    margin: float
    accuracies: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    pairs: tuple[RunPair, ...]


def read_evaluation(folder: RunFolder) -> Evaluation:
    """How a run answers its own test split.

    Raises:
        RunError: It was not judged yet, or its evaluation.json is damaged.
    """
    place = folder.path / EVALUATION
    if not place.exists():
        remedy = f"Judge it with: pellucid evaluate {shlex.quote(str(folder.path))}"
        raise RunError(f"{folder.path} was not judged on a test split yet. {remedy}")
    return Evaluation.from_json(folder.read_bytes(EVALUATION), place)


def answered_right(evaluation: Evaluation, run: str) -> Bool[ndarray, " images"]:
    """Which images a run answered right.

    Args:
        evaluation: The run's.
        run: What it is called, for messages.

    Raises:
        RunError: The mistakes that it lists do not fit its accuracy.
    """
    wrong = {mistake.index for mistake in evaluation.mistakes}
    expected = evaluation.count - round(evaluation.accuracy * evaluation.count)
    if len(wrong) != expected or not all(0 <= index < evaluation.count for index in wrong):
        rule = f"The evaluation of {run} must list a mistake for each of {expected} wrong answers"
        raise RunError(f"{rule}; it lists {len(wrong)}. Judge it anew with: pellucid evaluate {shlex.quote(run)}")
    right = np.ones(evaluation.count, bool)
    right[list(wrong)] = False
    return right


def require_margin(margin: float) -> None:
    """See that a margin is a share.

    Raises:
        SettingError: It is not above 0 and below 1.
    """
    if not 0 < margin < 1:
        raise SettingError([Fault("margin must be above 0 and below 100 points", f"{100 * margin:g}", "Use 0.2.")])


def compare_runs(evaluations: Mapping[str, Evaluation], margin: float = MARGIN) -> RunComparison:
    """Compare each two of some runs on the test images that all were judged on.

    Args:
        evaluations: How each run answers its own test split, by what the run is called; two or more.
        margin: Difference of accuracy, as a share, below which a difference does not matter.

    Raises:
        RunError: They are fewer than two, were judged on different images, or an evaluation does not fit itself.
        SettingError: The margin is no share.
    """
    require_margin(margin)
    if len(evaluations) < 2:
        raise RunError(f"At least 2 different runs are compared; received {len(evaluations)}. Name another.")
    names, first = list(evaluations), next(iter(evaluations.values()))
    for name, other in evaluations.items():
        if other.fingerprint != first.fingerprint:
            rule = "Runs are compared on the same test images"
            received = f"{names[0]} was judged on {_judged(first)}, {name} on {_judged(other)}, which are others"
            raise RunError(f"{rule}; {received}. Train both on the same data, or evaluate both on one data set.")
    right = {name: answered_right(evaluation, name) for name, evaluation in evaluations.items()}
    pairs = list(combinations(names, 2))
    tests = [mcnemar(right[one], right[two]) for one, two in pairs]
    corrected = holm([test.p_value for test in tests])
    confidence = 1 - (1 - CONFIDENCE) / len(pairs)
    return RunComparison(
        data=first.data,
        split=first.split,
        count=first.count,
        margin=margin,
        accuracies={name: evaluation.accuracy for name, evaluation in evaluations.items()},
        intervals={name: evaluation.accuracy_interval for name, evaluation in evaluations.items()},
        pairs=tuple(
            _pair(pair, test, p_value, first.count, confidence, margin)
            for pair, test, p_value in zip(pairs, tests, corrected, strict=True)
        ),
    )


def _pair(
    names: tuple[str, str], test: McNemar, p_corrected: float, count: int, confidence: float, margin: float
) -> RunPair:
    low, high = paired_interval(test.only_first, test.only_second, count, confidence)
    return RunPair(
        first=names[0],
        second=names[1],
        difference=(test.only_second - test.only_first) / count,
        interval=(low, high),
        mcnemar=test,
        p_corrected=p_corrected,
        shown=p_corrected < 1 - CONFIDENCE,
        within_margin=-margin < low and high < margin,
    )


def _judged(evaluation: Evaluation) -> str:
    return f"{evaluation.count:,} images of {evaluation.data}"
