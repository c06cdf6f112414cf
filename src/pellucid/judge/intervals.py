"""Intervals of proportions."""

from __future__ import annotations

import math
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
