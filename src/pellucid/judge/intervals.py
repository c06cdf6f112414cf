"""Intervals of proportions."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_interval(right: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion.

    Args:
        right: Successes.
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
