"""What the run's "I don't know" needs, so that the page says it of a drawing as the run would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float16, Float32, Int64
from numpy import ndarray

from pellucid.explore.held_out import HeldOut
from pellucid.explore.packed import Kind, packed
from pellucid.judge.gaussians import Gaussians
from pellucid.predict.features import MOST_FEATURES
from pellucid.spec.layers import Conv2D, Dense
from pellucid.spec.model import FactorySpec
from pellucid.trained.run import Run

MOST_INT8 = 150_000  # numbers of 8 bits in the page; beyond, they have 4
GREATEST: dict[Kind, int] = {"int8": 127, "int4": 7}


def doubt_of(run: Run, held: HeldOut | None) -> dict[str, Any] | None:
    """Limits of doubt, and where the features of each class lie; None where the run always answers.

    Args:
        run: The run.
        held: Held-out images, which show what rounding changes; None where they cannot be had.

    Raises:
        RunError: What the run knows of its doubt is missing or damaged.
    """
    limits, doubts = run.predictor.limits(), run.predictor.doubts
    if limits is None or doubts is None:
        return None
    foreign = None
    if doubts.classes is not None and limits.foreign is not None:
        rounded = Rounded(doubts.classes)
        change = change_of(doubts.classes, rounded.classes, held.features, limits.foreign) if held else None
        foreign = {"limit": limits.foreign, "signs": _signs(run), **rounded.document(), "rounding": change}
    return {"keep": limits.keep, "doubtful_limit": limits.doubtful, "foreign": foreign}


class Rounded:
    """Where the features of each class lie, in fewer bits.

    Nearly all of it are the factors. Of these the diagonal is kept apart, since it is many times as large as the rest.

    Args:
        classes: The numbers as they are recorded.
        kind: Of the factors, ``int8`` or ``int4``; unless given, what keeps the page small.

    Attributes:
        classes: What the rounded numbers say.
    """

    def __init__(self, classes: Gaussians, kind: Kind | None = None) -> None:
        whitening, means = (each.astype(np.float16).astype(np.float32) for each in (classes.whitening, classes.means))
        self.classes = replace(classes, whitening=whitening, means=means)
        self._factors: dict[str, Any] | None = None
        if classes.factors is not None:
            self._round(classes.factors, len(classes.centre), kind or _kind_of(classes.factors))

    def _round(self, factors: Float16[ndarray, "present triangle"], width: int, kind: Kind) -> None:
        rows, columns = np.tril_indices(width)
        beside = rows != columns
        diagonal, rest = factors[:, ~beside], factors[:, beside].astype(np.float32)
        scales = _scales(rest, rows[beside], width, GREATEST[kind])
        left = np.rint(rest / scales.astype(np.float32)[:, rows[beside]]).astype(np.int8)
        rounded = factors.copy()
        rounded[:, beside] = left * scales.astype(np.float32)[:, rows[beside]]
        self.classes = replace(self.classes, factors=rounded)
        self._factors = {
            "diagonal": packed(diagonal, "float16"),
            "left": packed(left, kind),
            "scales": packed(scales, "float16"),
        }

    def document(self) -> dict[str, Any]:
        """The numbers as the page reads them."""
        width = len(self.classes.centre)
        return {
            "centre": packed(self.classes.centre),
            "deviation": packed(self.classes.deviation),
            "whitening": packed(self.classes.whitening[np.triu_indices(width)], "float16"),
            "means": packed(self.classes.means, "float16"),
            "factors": self._factors,
        }


def _kind_of(factors: Float16[ndarray, "present triangle"]) -> Kind:
    return "int8" if factors.size <= MOST_INT8 else "int4"


def _scales(
    values: Float32[ndarray, "present left"], rows: Int64[ndarray, " left"], width: int, greatest: int
) -> Float16[ndarray, "present features"]:
    """What whole numbers are to be multiplied by in each row of a triangle, so that none is beyond the greatest."""
    starts = np.searchsorted(rows, np.arange(1, width))  # the first row is empty
    most = np.zeros((len(values), width), np.float32)
    if width > 1:
        most[:, 1:] = np.maximum.reduceat(np.abs(values), starts, axis=1)
    return np.nextafter((most / greatest).astype(np.float16), np.float16(np.inf))


def change_of(
    exact: Gaussians, rounded: Gaussians, features: Float32[ndarray, "count features"], limit: float
) -> dict[str, Any]:
    """What rounding changes of the scores of images.

    Args:
        exact: Where the features of each class lie.
        rounded: The same in fewer bits.
        features: Of the images.
        limit: The greatest score that is answered.
    """
    before, after = exact.distances(features), rounded.distances(features)
    share = np.abs(after - before) / np.maximum(before, np.finfo(np.float32).tiny)
    return {
        "images": len(features),
        "greatest_difference": float(share.max()),
        "differing": int(((before <= limit) != (after <= limit)).sum()),
    }


def _signs(run: Run) -> dict[str, str] | None:
    """The generator that `predict.features` takes random sums by; None where it keeps the features as they are."""
    model = run.record.model
    steps = [] if isinstance(model, FactorySpec) else model.walk()
    heard = sum(step.input_shape[-1] for step in steps if isinstance(step.layer, Conv2D | Dense))
    if heard * run.record.train.vote <= MOST_FEATURES:
        return None
    state = np.random.PCG64(0).state["state"]
    return {"state": str(state["state"]), "increment": str(state["inc"])}
