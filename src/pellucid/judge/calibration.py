"""Calibration: how well the probabilities of answers agree with how often they are right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64
from numpy import ndarray

from pellucid.judge.intervals import wilson_interval
from pellucid.record import Record
from pellucid.run.record import Calibration
from pellucid.spec.seeds import derive_seed

FARTHEST = 20.0  # a temperature lies between 1/20 and 20
PRIOR_SPREAD = 0.5  # standard deviation of a temperature's logarithm, before any image was looked at
HALVINGS = 32  # of the range of the logarithm
MOST_BINS, LEAST_IN_BIN = 15, 20
DRAWS = 2_000


class Bin(Record):
    """Answers of about one confidence.

    Attributes:
        count: How many answers.
        confidence: Their mean confidence: the probability of the class that was answered.
        accuracy: Share of them that are right.
        interval: 95% Wilson interval of the accuracy.
    """

    count: int
    confidence: float
    accuracy: float
    interval: tuple[float, float]


class Reliability(Record):
    """How well probabilities agree with how often answers are right.

    Attributes:
        error: Expected calibration error: by how much the confidence of answers is off, as a mean over bins of equally
            many answers.
        error_interval: 95% interval of it, by a bootstrap of what is right in each bin; it begins at 0 where the error
            is not more than chance makes of true probabilities.
        error_by_chance: What it would be on average, on so many images, if each probability were true.
        brier: Brier score: mean squared distance of the probabilities from the truth, from 0 (best) to 2.
        log_loss: Mean cross-entropy, in nats.
        bins: The bins, from the least sure to the surest.
    """

    error: float
    error_interval: tuple[float, float]
    error_by_chance: float
    brier: float
    log_loss: float
    bins: tuple[Bin, ...]


class CalibrationScore(Record):
    """The calibration of a run as judged images show it.

    Attributes:
        temperature: What logits are divided by before softmax; None where the run is not calibrated.
        fitted_on: On how many validation images it was fitted; None where the run is not calibrated.
        before: At temperature 1, as the network was trained.
        after: At the run's temperature, as its probabilities are shown; the same where it is not calibrated.
    """

    temperature: float | None
    fitted_on: int | None
    before: Reliability
    after: Reliability


@dataclass(frozen=True)
class Sureness:
    """How sure of themselves answers are.

    Attributes:
        confidence: Probability of the class that was answered, [count].
        brier: Squared distance of the probabilities from the truth, [count].
        losses: Cross-entropy, in nats, [count].
    """

    confidence: Float32[ndarray, " count"]
    brier: Float64[ndarray, " count"]
    losses: Float64[ndarray, " count"]


def fit_temperature(logits: Float[ndarray, "count classes"], labels: Int64[ndarray, " count"]) -> Calibration | None:
    """Fit the one number that logits are to be divided by before softmax.

    It minimises the log loss of images that nothing was trained on. So that few images do not speak too loudly, its
    logarithm has a normal prior around 0 with a standard deviation of 0.5. Beside thousands of images that is nothing,
    but where a handful are all answered right the temperature stays near 1, and does not make every answer certain.

    Args:
        logits: Answers to validation images.
        labels: Classes of these images.

    Returns:
        The temperature with the log loss before and after; None where the logits are not finite.

    Source: Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599, section 4.2.
    """
    if not np.isfinite(logits).all():
        return None
    exact = logits.astype(np.float64)
    lower, upper = -math.log(FARTHEST), math.log(FARTHEST)
    for _ in range(HALVINGS):  # scipy's optimizers take longer to import than this takes
        middle = (lower + upper) / 2
        slope = _slope(exact, labels, math.exp(middle)) + middle / (PRIOR_SPREAD**2 * len(labels))
        lower, upper = (lower, middle) if slope > 0 else (middle, upper)
    temperature = round(math.exp((lower + upper) / 2), 6)
    before, after = log_loss(exact, labels), log_loss(exact, labels, temperature)
    return Calibration(temperature=temperature, count=len(labels), log_loss_before=before, log_loss_after=after)


def reliability(sureness: Sureness, right: Bool[ndarray, " count"]) -> Reliability:
    """How well answers that are sure to some degree agree with how often they are right.

    Args:
        sureness: Of the answers.
        right: Which of them are right.

    Source: Naeini et al. 2015, AAAI (the error); Nguyen and O'Connor 2015, arXiv:1508.05154 (bins of equal mass).
    """
    bins = bins_of(sureness.confidence, right)
    error, interval, by_chance = _error(bins)
    brier, loss = float(sureness.brier.mean()), float(sureness.losses.mean())
    return Reliability(
        error=error, error_interval=interval, error_by_chance=by_chance, brier=brier, log_loss=loss, bins=bins
    )


def bins_of(confidence: Float32[ndarray, " count"], right: Bool[ndarray, " count"]) -> tuple[Bin, ...]:
    """Answers in at most 15 bins of equally many, from the least sure to the surest; fewer where there are few."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(MOST_BINS, max(1, len(order) // LEAST_IN_BIN)))
    return tuple(
        Bin(
            count=len(rows),
            confidence=float(confidence[rows].mean(dtype=np.float64)),
            accuracy=float(right[rows].mean()),
            interval=wilson_interval(int(right[rows].sum()), len(rows)),
        )
        for rows in parts
    )


def _error(bins: tuple[Bin, ...]) -> tuple[float, tuple[float, float], float]:
    """The calibration error, its interval, and what it would be by chance.

    Drawing anew adds to the error what chance alone makes. So the draws are put around the error by their mean, and
    tell the interval by their spread alone. The error itself holds what chance makes too: where true probabilities
    would show as great a one in more than 2.5% of draws, the interval begins at 0.
    """
    counts = np.array([each.count for each in bins])
    confidence, accuracy = (np.array([getattr(each, name) for each in bins]) for name in ("confidence", "accuracy"))
    random = np.random.default_rng(derive_seed(0, "calibration error"))

    def errors(chances: Float64[ndarray, " bins"]) -> Float64[ndarray, " draws"]:
        right = random.binomial(counts, np.clip(chances, 0, 1), (DRAWS, len(bins)))
        return np.abs(right / counts - confidence) @ counts / counts.sum()

    error, drawn = float(np.abs(accuracy - confidence) @ counts / counts.sum()), errors(accuracy)
    low, high = (max(0.0, float(error + bound - drawn.mean())) for bound in np.quantile(drawn, (0.025, 0.975)))
    by_chance = errors(confidence)
    low = 0.0 if error <= np.quantile(by_chance, 0.975) else low
    return error, (low, high), float(by_chance.mean())


def log_loss(
    logits: Float[ndarray, "count classes"], labels: Int64[ndarray, " count"], temperature: float = 1.0
) -> float:
    """Mean negative logarithm of the probability of the right class, in nats."""
    scaled = logits / temperature
    greatest = scaled.max(axis=1)
    total = np.log(np.exp(scaled - greatest[:, None]).sum(axis=1)) + greatest
    return float(np.mean(total - _of_labels(scaled, labels)))


def _slope(logits: Float64[ndarray, "count classes"], labels: Int64[ndarray, " count"], temperature: float) -> float:
    """Derivative of the log loss by the logarithm of the temperature."""
    scaled = logits / temperature
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    expected = (weights * scaled).sum(axis=1) / weights.sum(axis=1)
    return float(np.mean(_of_labels(scaled, labels) - expected))


def _of_labels(values: Float[ndarray, "count classes"], labels: Int64[ndarray, " count"]) -> Float[ndarray, " count"]:
    return np.take_along_axis(values, labels[:, None], axis=1)[:, 0]
