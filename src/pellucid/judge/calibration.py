"""Calibration: how well the probabilities of answers agree with how often they are right."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray

from pellucid.run.record import Calibration

FARTHEST = 20.0  # a temperature lies between 1/20 and 20
PRIOR_SPREAD = 0.5  # standard deviation of a temperature's logarithm, before any image was looked at
HALVINGS = 32  # of the range of the logarithm


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
