"""Values of pixels: the range that those of a data set have, and how they become 8 bits."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from pellucid.arrays import Shaped, UInt8
from pellucid.spec.image_reading import ValueRange

WHITE = 255.0
ONE = 1.0  # white among fractions
NARROW = 8  # the share of the format's range, as one to so many, below which that of the images is taken


class Extent(NamedTuple):
    """The values of some images, as they stand in their files or arrays.

    Attributes:
        low: The least.
        high: The greatest.
        most: The greatest that the format can hold; 1 of fractions; infinite where nothing says it, as of other floats.
    """

    low: float
    high: float
    most: float

    @classmethod
    def of_nothing(cls, most: float) -> Extent:
        """The extent of no image, in a format that can hold values up to ``most``."""
        return cls(math.inf, -math.inf, most)

    def joined(self, other: Extent) -> Extent:
        """The extent of these images and others."""
        return Extent(min(self.low, other.low), max(self.high, other.high), max(self.most, other.most))

    @property
    def is_narrow(self) -> bool:
        """Whether the values take up less than an eighth of what the format can hold."""
        return NARROW * (self.high - self.low) < self.most

    def beyond(self, low: float, high: float) -> str:
        """What should be said where values lie beyond a range; empty where none do."""
        if (low <= self.low and self.high <= high) or self.low > self.high:
            return ""
        return (
            f"values from {self.low:,.10g} to {self.high:,.10g}; those beyond {low:,.10g} to {high:,.10g} are cut off"
        )


def extent_of(values: Shaped[ndarray, ...], most: float) -> Extent:
    """The extent of an array.

    Raises:
        ValueError: It holds infinite values, or values that are no numbers.
    """
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("some of its values are infinite or no numbers")
    return Extent(low, high, most)


def range_within(value_range: ValueRange, most: float) -> tuple[float, float]:
    """The values that become black and white in an image whose format can hold values up to ``most``.

    A range beyond what the format can hold was found in images of another one, and is not this image's.

    Raises:
        ValueError: Neither the reading nor the format sets a range.
    """
    if isinstance(value_range, tuple) and value_range[1] <= most:
        return value_range
    if value_range == "fractions" and math.isinf(most):
        return 0.0, ONE
    if math.isinf(most):
        rule = "values that are signed, fractions or have 32 bits have no known range"
        raise ValueError(f"{rule}; train with --value-range LOW:HIGH, or save them as whole numbers of 8 or 16 bits")
    return 0.0, most


def eight_bits(values: Shaped[ndarray, "*shape"], low: float, high: float) -> UInt8[ndarray, "*shape"]:
    """Values from low to high brought to 0 to 255; what lies beyond is cut off."""
    scaled = (values.astype(np.float64) - low) * (WHITE / (high - low))
    return scaled.round().clip(0, WHITE).astype(np.uint8)
