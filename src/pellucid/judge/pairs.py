"""Two networks on the same images, in pairs: whether they differ, and by how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from pellucid.record import Record


class McNemar(Record):
    """McNemar's test of two networks on the same images.

    Attributes:
        only_first: Images that the first alone answers right.
        only_second: Images that the second alone answers right.
        p_value: How probable at least so uneven a parting is if both are equally good; exact, two-sided.
    """

    only_first: int
    only_second: int
    p_value: float


def mcnemar(first: Bool[ndarray, " images"], second: Bool[ndarray, " images"]) -> McNemar:
    """McNemar's test.

    Args:
        first: Which images one network answers right.
        second: Which images the other network answers right.

    Source: McNemar 1947, Psychometrika 12(2), 153-157; the exact form with the binomial distribution.
    """
    from scipy.stats import binomtest

    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    p_value = float(binomtest(one, one + two).pvalue) if one + two else 1.0
    return McNemar(only_first=one, only_second=two, p_value=p_value)


def paired_interval(only_first: int, only_second: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of the second network's accuracy less the first's, on the same images.

    It is honest where few images tell the two apart, and where none does: there a bootstrap would be certain.

    Args:
        only_first: Images that the first alone answers right.
        only_second: Images that the second alone answers right.
        count: All images, at least 1.
        confidence: Share of such intervals that hold the true difference.

    Returns:
        Lower and upper bound, within [-1, 1].

    Source: Tango 1998, Statistics in Medicine 17(8), 891-908, equations 4 and 5.
    """
    from scipy.optimize import root_scalar

    z = NormalDist().inv_cdf((1 + confidence) / 2)
    difference = (only_second - only_first) / count

    def beyond(delta: float) -> float:
        """How far the score of this difference is above the quantile; rising away from the observed difference."""
        return abs(_score(delta, only_first, only_second, count)) - z

    low = -1.0 if beyond(-1 + 1e-12) < 0 else float(root_scalar(beyond, bracket=(-1 + 1e-12, difference)).root)
    high = 1.0 if beyond(1 - 1e-12) < 0 else float(root_scalar(beyond, bracket=(difference, 1 - 1e-12)).root)
    return low, high


def _score(delta: float, only_first: int, only_second: int, count: int) -> float:
    """Tango's score statistic of a difference; infinite where its variance is none."""
    excess = only_second - only_first - count * delta
    linear = (2 * count - (only_second - only_first)) * delta - only_first - only_second
    constant = -only_first * delta * (1 - delta)
    share = (math.sqrt(max(0.0, linear * linear - 8 * count * constant)) - linear) / (4 * count)
    variance = count * (2 * share + delta * (1 - delta))
    if abs(excess) < 1e-9:
        return 0.0
    return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values of several tests, corrected so that with 0.05 any false alarm at all is at most so probable.

    Args:
        p_values: Of each test, as it is alone.

    Source: Holm 1979, Scandinavian Journal of Statistics 6(2), 65-70.
    """
    order = np.argsort(p_values, kind="stable")
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order.tolist()):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = least
    return corrected
