"""The map of held-out images: those lie near each other that are alike to the network's last layer."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray
from scipy.sparse.linalg import svds

from pellucid.errors import RunError
from pellucid.explore.held_out import HeldOut
from pellucid.explore.packed import packed
from pellucid.language import tell

FARTHEST = 65_535


def map_of(held: HeldOut, images: Int64[ndarray, " images"]) -> dict[str, Any]:
    """A place for each held-out image, by two principal components of what goes into the last layer.

    Args:
        held: The held-out images.
        images: Which of them are in the page.

    Raises:
        RunError: The features are not finite.
    """
    asked, features = held.before_last()
    if not np.isfinite(features).all():
        raise RunError(tell("There is no map of the images: what the layers make of them is not finite."))
    points = {place: point for point, place in enumerate(asked.tolist())}
    kind = "uint8" if len(held.dataset.class_names) <= 2**8 else "uint16"
    return {
        "method": "two components",
        "split": held.split,
        "places": packed(_in_square(principal(features)), "uint16"),
        "labels": packed(held.labels[asked], kind),
        "predicted": packed(held.predicted[asked], kind),
        "points": [points.get(image, -1) for image in images.tolist()],
    }


def principal(features: Float32[ndarray, "count features"]) -> Float64[ndarray, "count 2"]:
    """The two principal components, each with the sign that lets most of its weight point upwards."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    found = np.zeros((len(centred), 2))
    wanted = min(2, min(centred.shape) - 1)
    if wanted > 0 and centred.any():
        # The same each time, and not constant: centred features have no part along a constant.
        start = np.random.default_rng(0).standard_normal(min(centred.shape))
        left, lengths, right = cast("tuple[ndarray, ndarray, ndarray]", svds(centred, k=wanted, v0=start))
        order = np.argsort(-lengths)
        sign = np.where(right[order].sum(axis=1) < 0, -1, 1)
        found[:, :wanted] = left[:, order] * lengths[order] * sign
    return found


def _in_square(places: Float64[ndarray, "count 2"]) -> Float64[ndarray, "count 2"]:
    """Both axes on one scale from 0 to 65535, in the middle."""
    low, high = places.min(axis=0), places.max(axis=0)
    scale = FARTHEST / ((high - low).max() or 1.0)
    return np.rint((places - (low + high) / 2) * scale + FARTHEST / 2).clip(0, FARTHEST)
