"""Intervals of proportions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist


def wilson_interval(right: int | float, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion.

    Args:
        right: Successes; the sum of their shares, where a trial may succeed in part.
        count: Trials, at least 1.
        confidence: Share of such intervals that hold the true proportion.

    Returns:
        Lower and upper bound, within [0, 1].

    Source: Wilson 1927, JASA 22(158), 209-212.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / count
    centre = share + z * z / (2 * count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    # At the ends the bound is exact; rounding must not carry it past them.
    lower = 0.0 if right == 0 else (centre - reach) / scale
    upper = 1.0 if right == count else (centre + reach) / scale
    return lower, upper


def difference_interval(
    right: int, count: int, other_right: int, other_count: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Score interval of a proportion less another, of different images.

    Args:
        right: Successes of the one.
        count: Trials of the one, at least 1.
        other_right: Successes of the other.
        other_count: Trials of the other, at least 1.
        confidence: Share of such intervals that hold the true difference.

    Returns:
        Lower and upper bound, within [-1, 1].

    Source: Newcombe 1998, Statistics in Medicine 17(8), 873-890, method 10.
    """
    share, other = right / count, other_right / other_count
    low, high = wilson_interval(right, count, confidence)
    other_low, other_high = wilson_interval(other_right, other_count, confidence)
    difference = share - other
    return difference - math.hypot(share - low, other_high - other), difference + math.hypot(
        high - share, other - other_low
    )


def f1_interval(hits: int, concerned: int) -> tuple[float, float]:
    """95% interval of a class's F1.

    F1 is 2 J / (1 + J), where J is the share of hits among the images that are of the class or are answered as it. Of
    so many, hits are a binomial number, so that Wilson's interval of J gives that of F1.

    Args:
        hits: Images of the class that are answered as it.
        concerned: Images that are of the class, or are answered as it, or both; at least 1.

    Source: Hand, Christen and Kirielle 2021, Machine Learning 110, 451-456 (J, there F*, as a transformation of F1).
    """
    low, high = wilson_interval(hits, concerned)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mean_interval(values: Sequence[float], intervals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Interval of a mean of figures that are independent of each other, from an interval of each.

    Args:
        values: The figures, at least one.
        intervals: An interval of each, whose confidence is that of the mean's.

    Source: Zou and Donner 2008, Statistics in Medicine 27(10), 1693-1702.
    """
    pairs = list(zip(values, intervals, strict=True))
    mean = sum(values) / len(values)
    below = math.hypot(*(value - low for value, (low, _) in pairs)) / len(values)
    above = math.hypot(*(high - value for value, (_, high) in pairs)) / len(values)
    return mean - below, mean + above
