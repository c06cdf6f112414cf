"""Whether new images are like those that were held out, as a whole: a test of exchangeability."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from pellucid.arrays import Float32, Float64, Int64
from pellucid.record import Record

LEAST_IMAGES = 20  # fewer say little
CERTAIN, FAR = 0.01, 0.6  # greatest p-value, and least share of pairs, at which images are called unlike
LEAST_OF_CLASS = 20  # held-out images that were answered with a class, for it to be judged by itself


class Drift(Record):
    """How new images compare with held-out ones.

    Attributes:
        count: How many new images there are.
        farther: Of the pairs of a new and a held-out image, the share in which the new one is the stranger; 0.5 where
            they are alike.
        p_value: Chance of as great a share, or a greater one, where new images are like held-out ones.
        shifted: Whether new images are unlike: a p-value below 0.01, and a share of 0.6 or more.
    """

    count: int
    farther: float
    p_value: float
    shifted: bool


def drift_of(
    scores: Float32[ndarray, " count"],
    answered: Int64[ndarray, " count"],
    known: Float32[ndarray, " held"],
    known_answered: Int64[ndarray, " held"],
) -> Drift | None:
    """Test whether scores of new images are greater than those of held-out images.

    Each image counts by its rank among the held-out images that were answered alike, so that other shares of the
    classes are no drift by themselves.

    Args:
        scores: Of doubt, for the new images.
        answered: Class that each of them was answered with.
        known: Scores of held-out images.
        known_answered: Class that each of those was answered with.

    Returns:
        The outcome; None for fewer than 20 images on either side.

    Source: Mann and Whitney 1947, Ann. Math. Statist. 18(1), one-sided; for ranks as p-values, Vovk et al. 2005,
    "Algorithmic learning in a random world", chapter 7.
    """
    if min(len(scores), len(known)) < LEAST_IMAGES:
        return None
    new = _ranks(scores, answered, known, known_answered)
    old = _ranks(known, known_answered, known, known_answered)
    from scipy.stats import mannwhitneyu  # takes longer to import than most trainings have

    outcome = mannwhitneyu(new, old, alternative="greater")
    farther, p_value = float(outcome.statistic / (len(new) * len(old))), float(outcome.pvalue)
    return Drift(count=len(scores), farther=farther, p_value=p_value, shifted=p_value < CERTAIN and farther >= FAR)


def _ranks(
    scores: Float32[ndarray, " count"],
    answered: Int64[ndarray, " count"],
    known: Float32[ndarray, " held"],
    known_answered: Int64[ndarray, " held"],
) -> Float64[ndarray, " count"]:
    """Share of the held-out images of the same answer that a score is beyond, from 0 to 1; ties count half."""
    ranks = np.empty(len(scores))
    for number in np.unique(answered):
        own = np.sort(known[known_answered == number])
        own = own if len(own) >= LEAST_OF_CLASS else np.sort(known)
        these = answered == number
        below, up_to = (np.searchsorted(own, scores[these], side=side) for side in ("left", "right"))
        ranks[these] = (below + up_to) / (2 * len(own))
    return ranks
