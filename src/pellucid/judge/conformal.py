"""Sets of classes that hold the true one as often as is promised: split conformal prediction, class by class."""

from __future__ import annotations

import math

import numpy as np
from numpy import ndarray

from pellucid.arrays import Bool, Float32, Float64, Int64


def class_limits(
    lacking: Float32[ndarray, " count"], labels: Int64[ndarray, " count"], classes: int, coverage: float
) -> Float64[ndarray, " classes"]:
    """The most that a class's probability may lack to 1 for the class to stand in the set of an image.

    Args:
        lacking: What the probability of its own class lacked to 1, for each held-out image.
        labels: Class of each held-out image.
        classes: How many there are.
        coverage: Share of each class's images whose set is to hold that class.

    Returns:
        The limit of each class. It is infinite where a class has too few held-out images for the promise, for which
        coverage / (1 - coverage) are needed: the class then stands in every set.

    Source: Vovk et al. 2005, "Algorithmic learning in a random world", section 4.5 (label-conditional); Sadinle et al.
    2019, JASA 114(525), for the score.
    """
    limits = np.full(classes, np.inf)
    for number in range(classes):
        own = np.sort(lacking[labels == number])
        place = needed(len(own), coverage)
        if place <= len(own):
            limits[number] = own[place - 1]
    return limits


def needed(count: int, share: float) -> int:
    """How many of so many held-out images must lie within a limit for another one to lie within it with this chance."""
    return max(1, math.ceil((count + 1) * share - 1e-9))  # 0.95 * 20 is to be 19, whatever rounding makes of it


def least_held_out(share: float) -> int:
    """How many held-out images are needed at least, so that another one can be promised with this chance."""
    return max(1, math.ceil(share / (1 - share) - 1e-9))


def prediction_sets(
    probabilities: Float32[ndarray, "count classes"], limits: Float64[ndarray, " classes"]
) -> Bool[ndarray, "count classes"]:
    """Whether each class stands in the set of each image; the set may be empty.

    Args:
        probabilities: Of each class for each image.
        limits: Of each class, as `class_limits` gives them.
    """
    return 1 - probabilities <= limits
