"""What a few repetitions say: means with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from pellucid.record import Record

CONFIDENCE = 0.95
RESAMPLES, BATCH = 4000, 50


class Summary(Record):
    """Repetitions of one measurement.

    Attributes:
        count: How many repetitions there are.
        mean: Mean of the repetitions.
        deviation: Standard deviation of the repetitions (n - 1); None for a single one.
        interval: 95% interval of the mean by Student's t; None for a single repetition.
        least: The least of the repetitions.
        greatest: The greatest of the repetitions.
    """

    count: int
    mean: float
    deviation: float | None
    interval: tuple[float, float] | None
    least: float
    greatest: float

    @property
    def error(self) -> float:
        """Standard error of the mean; 0 for one repetition, which does not tell it."""
        return (self.deviation or 0.0) / math.sqrt(self.count)

    def words(self, form: str) -> str:
        """The repetitions in words.

        Args:
            form: How a number is written, as of `format`: ``.2%`` or ``.1f``.
        """
        if self.deviation is None or self.interval is None:
            return format(self.mean, form)
        low, high = (format(bound, form) for bound in self.interval)
        spread = f"sd {format(self.deviation, form)}, 95% interval of the mean {low} to {high}"
        return f"{format(self.mean, form)} ({spread}, {format(self.least, form)} to {format(self.greatest, form)})"


def summarize(values: Sequence[float], confidence: float = CONFIDENCE) -> Summary:
    """Sum repetitions up.

    Args:
        values: The repetitions, at least one.
        confidence: Share of such intervals that hold the true mean.

    Source: Student 1908, Biometrika 6(1), 1-25.
    """
    # Rounding must not carry the mean past the values.
    count = len(values)
    mean = min(max(math.fsum(values) / count, min(values)), max(values))
    deviation = interval = None
    if count > 1:
        from scipy.stats import t

        deviation = float(np.std(values, ddof=1))
        reach = float(t.ppf((1 + confidence) / 2, count - 1)) * deviation / math.sqrt(count)
        interval = mean - reach, mean + reach
    return Summary(
        count=count, mean=mean, deviation=deviation, interval=interval, least=min(values), greatest=max(values)
    )


def summarize_known(values: Sequence[float | None]) -> Summary | None:
    """Sum repetitions up that may not be known; None unless all are."""
    known = [value for value in values if value is not None]
    return summarize(known) if known and len(known) == len(values) else None


def image_interval(differences: Float64[ndarray, " images"], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Bootstrap interval of a mean over images: what other images of the same kind would give.

    Args:
        differences: A difference for each image.
        confidence: Share of such intervals that hold the true mean.

    Source: Efron 1979, Annals of Statistics 7(1), 1-26; percentiles.
    """
    from scipy.stats import bootstrap

    if (differences == differences[0]).all():  # nothing varies, which scipy would warn of
        return float(differences[0]), float(differences[0])
    found = bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def seed_interval(differences: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Student's interval of a mean over seeds: what other trainings would give; None for one seed, which cannot tell.

    Args:
        differences: A difference for each seed.
        confidence: Share of such intervals that hold the true mean.
    """
    return summarize(differences, confidence).interval
