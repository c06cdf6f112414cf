"""Whether an export that does not answer exactly as its run answers as well: the same images, in pairs."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Int64
from numpy import ndarray

from pellucid.errors import RunError
from pellucid.export.parity import PairedAccuracy
from pellucid.judge.pairs import paired_interval
from pellucid.words import counted

MARGIN = 0.01  # of accuracy
CONFIDENCE = 0.95


def compare_accuracy(
    run: Float32[ndarray, "images classes"],
    export: Float32[ndarray, "images classes"],
    labels: Int64[ndarray, " images"],
    margin: float,
) -> PairedAccuracy:
    """Hold the right answers of an export against those of its run.

    Args:
        run: Probabilities, as the run gives them.
        export: The same as the export gives them.
        labels: Which class each image shows.
        margin: How much accuracy the export may cost, as a share.
    """
    right, still = (answers.argmax(axis=1) == labels for answers in (run, export))
    still &= np.isfinite(export).all(axis=1)
    only_run, only_export, count = int((right & ~still).sum()), int((still & ~right).sum()), len(labels)
    return PairedAccuracy(
        images=count,
        run=float(right.mean()),
        export=float(still.mean()),
        only_run=only_run,
        only_export=only_export,
        difference=(only_export - only_run) / count,
        interval=paired_interval(only_run, only_export, count, CONFIDENCE),
        confidence=CONFIDENCE,
        margin=margin,
    )


def require_within(found: PairedAccuracy) -> None:
    """See that it is shown that an export costs no more accuracy than it may.

    Raises:
        RunError: It is not: the lower bound of the difference is below the margin.
    """
    low, high = found.interval
    if low < -found.margin:
        rule = f"An export in 8 bits may cost at most {found.margin:.2%} of accuracy, with {CONFIDENCE:.0%} confidence"
        told = f"a difference of {found.difference:+.2%} ({low:+.2%} to {high:+.2%}) on {_images(found)}"
        remedy = (
            f"Take more images (--data), the format onnx, or a --margin of at least {math.ceil(-low * 1e4) / 1e4:g}"
        )
        raise RunError(f"{rule}; received {told}. {remedy}.")


def require_not_beyond(found: PairedAccuracy) -> None:
    """See that it is not shown that an export costs more accuracy than it may, on images too few to show the opposite.

    Raises:
        RunError: It is: the upper bound of the difference is below the margin.
    """
    low, high = found.interval
    if high < -found.margin:
        rule = f"The export must answer as well here as when it was proved, within {found.margin:.2%} of accuracy"
        told = f"a difference of {found.difference:+.2%} ({low:+.2%} to {high:+.2%}) on {_images(found)}"
        raise RunError(f"{rule}; received {told}. It is not to be used here.")


def _images(found: PairedAccuracy) -> str:
    return counted(found.images, "image", separator=",")
