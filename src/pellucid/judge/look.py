"""What images look like on the whole: how bright they are, and where on them something is drawn."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, Shaped, UInt8
from numpy import ndarray

from pellucid.data.spread import evenly_spread
from pellucid.run.record import Look

MOST_IMAGES, MOST_VALUES = 2_000, 8_000_000  # of a data set, evenly spread, that are looked at
DRAWN = 0.5  # of an image's greatest difference from its background
STRAY = 0.02  # share of what is drawn that is left out at either end of an axis


def look_of(images: UInt8[ndarray, "count height width channels"]) -> Look:
    """What a data set's images look like; some of them, evenly spread, stand for all.

    Args:
        images: The images.
    """
    grey, background, drawn = _drawn(images[_spread(images)])
    shown = grey[drawn].mean() if drawn.any() else background.mean()
    filled = drawn[drawn.any(axis=(1, 2))]  # an image of one value has nothing drawn on it
    height, down = _extent(filled.sum(axis=2))
    width, across = _extent(filled.sum(axis=1))
    return Look(
        brightness=float(grey.mean()),
        background=float(background.mean()),
        drawn=float(shown),
        height=_mean(height),
        width=_mean(width),
        off_centre=_mean(np.hypot(down, across)),
    )


def brightness_and_drawn(
    images: UInt8[ndarray, "count height width channels"],
) -> tuple[Float64[ndarray, " count"], Float64[ndarray, " count"]]:
    """For each image its mean brightness, from 0 (black) to 1, and the share of it that is drawn on."""
    at_once = max(1, MOST_VALUES // images[0].size)
    parts = [_drawn(images[start : start + at_once]) for start in range(0, len(images), at_once)]
    brightness = [grey.mean(axis=(1, 2), dtype=np.float64) for grey, _, _ in parts]
    return np.concatenate(brightness), np.concatenate([drawn.mean(axis=(1, 2)) for _, _, drawn in parts])


def _drawn(
    images: UInt8[ndarray, "count height width channels"],
) -> tuple[Float32[ndarray, "count height width"], Float32[ndarray, " count"], Bool[ndarray, "count height width"]]:
    """Images in grey, the brightness of their backgrounds, and where something is drawn."""
    grey = images.mean(axis=3, dtype=np.float32) / 255
    border = np.concatenate((grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]), axis=1)
    background = np.median(border, axis=1)
    difference = np.abs(grey - background[:, None, None])
    most = difference.max(axis=(1, 2))
    return grey, background, (difference >= DRAWN * most[:, None, None]) & (most > 0)[:, None, None]


def _spread(images: Shaped[ndarray, "count height width channels"]) -> Int64[ndarray, " some"]:
    return evenly_spread(len(images), min(MOST_IMAGES, max(1, MOST_VALUES // images[0].size)))


def _extent(
    counts: Shaped[ndarray, "count side"],
) -> tuple[Float64[ndarray, " count"], Float64[ndarray, " count"]]:
    """Share of an axis that is drawn over, and how far from its middle the centre lies, as a share too."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    reached = shares.cumsum(axis=1)
    within = (reached > STRAY) & (reached - shares < 1 - STRAY)
    places = (np.arange(counts.shape[1]) + 0.5) / counts.shape[1] - 0.5
    return within.mean(axis=1), shares @ places


def _mean(values: Float64[ndarray, " count"]) -> float:
    return float(values.mean()) if len(values) else 0.0
