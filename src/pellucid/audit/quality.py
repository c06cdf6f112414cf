"""Images that stand out of their data set: nearly empty, dark, bright, blurred, elongated.

Each respect is one number an image. It is held against the median of the data set, so that digits, night photographs
and X-rays are each measured by their own kind. Dark and bright images are held against what nine of ten images reach:
where they are nothing rare, as among patches of photographs, the median is not what the others are like. Images are
measured as they were read: what was scaled down to 64x64 pixels has lost the blur that it may have had.

Source: Crete et al. 2007, "The blur effect: perception and estimation with a new no-reference perceptual blur metric"
(sharpness: how much of the differences between neighbours another blur takes away).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray
from scipy.ndimage import uniform_filter1d

from pellucid.audit.findings import Odd, Oddities
from pellucid.audit.looks import Brightness, brightness
from pellucid.audit.pool import Images, Pool
from pellucid.data.dataset import DataSplits

BLUR = 5  # pixels that are averaged to see what another blur takes away
RARE = 10.0  # percent of the images at most that can be darker or brighter than the others
STANDING_OUT = 99.5  # percent of the pixels that an empty image's speck is not among

Values = Float64[ndarray, " count"]


class Measure(NamedTuple):
    """A number by which images are compared.

    Attributes:
        words: What is measured.
        share: An image stands out below this share of what the others have; above it where the share is over 1.
        others: The percentile of the data set that stands for the others.
    """

    words: str
    share: float
    others: float = 50.0

    def limit(self, values: Values) -> float:
        """The value beyond which an image stands out; 0 where nothing was measured."""
        return self.share * _percentile(values, self.others)

    def outside(self, values: Values) -> Bool[ndarray, " count"]:
        """Which values lie beyond the limit; what was not measured lies nowhere."""
        return values < self.limit(values) if self.share < 1 else values > self.limit(values)


MEASURES = {
    "empty": Measure("contrast of all but 0.5% of the pixels, of 255", 0.08),
    "dark": Measure("brightness of the brightest hundredth of the pixels, of 255", 1 / 3, RARE),
    "bright": Measure("darkness of the darkest hundredth of the pixels, of 255", 1 / 3, RARE),
    "blurred": Measure("sharpness, from 0 to 1", 0.4),
    "elongated": Measure("long side over short side", 2.0),
}


def oddities(pool: Pool) -> tuple[Oddities, ...]:
    """The images that stand out in each respect. One of a single colour stands out in none: it is listed as such.

    A nearly empty image is not called dark, bright or blurred as well.
    """
    values = _measured(pool)
    empty = MEASURES["empty"].outside(values["empty"])
    found = {kind: MEASURES[kind].outside(values[kind]) & ~empty for kind in ("dark", "bright", "blurred")}
    found |= {"empty": empty}
    if (elongation := _elongation(pool)) is not None:
        values["elongated"] = elongation
        found["elongated"] = MEASURES["elongated"].outside(elongation)
    return tuple(_listed(pool, kind, values[kind], found[kind]) for kind in MEASURES if kind in found)


def unmeasured(splits: DataSplits) -> str:
    """What was not measured though there are files to measure it of, and why; empty where all was."""
    if splits.train.sizes is not None or splits.reading is None or splits.reading.image_size is None:
        return ""
    why = "an earlier version decoded the images and did not keep their own sizes"
    return f"Odd shapes were not sought: {why}. To decode them anew: pellucid data cache --clean"


def _listed(pool: Pool, kind: str, values: Values, outside: Bool[ndarray, " count"]) -> Oddities:
    measure, usual = MEASURES[kind], round(_percentile(values, 50.0), 3)
    rows = np.flatnonzero(outside)
    rows = rows[np.argsort(values[rows] if measure.share < 1 else -values[rows], kind="stable")]
    images = tuple(Odd(member=pool.member(row), value=round(float(values[row]), 3)) for row in rows.tolist())
    limit = round(measure.limit(values), 3)
    return Oddities(kind=kind, measure=measure.words, usual=usual, limit=limit, images=images)


def _percentile(values: Values, percent: float) -> float:
    """A percentile of what was measured; 0 where nothing was."""
    measured = values[~np.isnan(values)]
    return float(np.percentile(measured, percent)) if measured.size else 0.0


def _measured(pool: Pool) -> dict[str, Values]:
    """Each measure of all images but elongation; not a number for images of one single colour."""
    parts: dict[str, list[ndarray]] = {kind: [] for kind in ("empty", "dark", "bright", "blurred")}
    for rows in pool.chunks(np.arange(len(pool))):
        images = pool.images(rows)
        bright = brightness(images)
        constant = (images == images[:, :1, :1]).all(axis=(1, 2, 3))
        low, high = np.percentile(bright, [1, 99], axis=(1, 2))
        measured = {"empty": _contrast(images), "dark": high, "bright": 255 - low, "blurred": _sharpness(bright)}
        for kind, values in measured.items():
            parts[kind].append(np.where(constant, np.nan, values))
    return {kind: np.concatenate(values).astype(np.float64) for kind, values in parts.items()}


def _contrast(images: Images) -> ndarray:
    """How far the pixels lie from the image's median colour, all but a few of them."""
    apart = np.abs(images.astype(np.float32) - np.median(images, axis=(1, 2), keepdims=True)).max(axis=3)
    return np.percentile(apart, STANDING_OUT, axis=(1, 2))


def _sharpness(bright: Brightness) -> ndarray:
    """The share of the differences between neighbours that another blur takes away."""
    taken, total = np.zeros(len(bright)), np.zeros(len(bright))
    for axis in (1, 2):
        steps = np.abs(np.diff(bright, axis=axis))
        left = np.abs(np.diff(uniform_filter1d(bright, BLUR, axis=axis), axis=axis))
        taken += np.maximum(steps - left, 0).sum(axis=(1, 2))
        total += steps.sum(axis=(1, 2))
    return taken / np.maximum(total, np.finfo(np.float32).tiny)


def _elongation(pool: Pool) -> Values | None:
    """The long side of each image over its short one, as the files have them; None where that is not known."""
    sizes = [dataset.sizes for dataset in pool.datasets.values()]
    if any(size is None for size in sizes):
        return None
    sides = np.concatenate([size for size in sizes if size is not None])
    return sides.max(axis=1) / np.maximum(sides.min(axis=1), 1)
