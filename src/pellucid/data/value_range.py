"""Which range of values is read as black to white, where nothing is set: it follows from the training images."""

from __future__ import annotations

import math

from pellucid.data.values import ONE, Extent
from pellucid.spec.image_reading import ValueRange
from pellucid.spec.reading import ReadSpec

FITTING = 2  # the share of a range that was asked for, as one to so many, below which it is said what was found
FRACTIONS = (
    "the values of the training images are fractions, from {} to {}: 0 is read as black and 1 as white, in new arrays "
    "and tables too."
)


def resolved(extent: Extent, reading: ReadSpec) -> tuple[ReadSpec, list[str]]:
    """The reading with the range that is to be taken where it says ``auto``, and what should be said of it."""
    if isinstance(reading.value_range, tuple):
        return reading, _held_against(extent, *reading.value_range)
    if reading.value_range == "fractions":
        return reading, []
    full = reading.replace(value_range="fractions" if extent.most == ONE else "full")
    low, high, most = (f"{value:,.10g}" for value in extent)
    if not extent.is_narrow or math.isinf(extent.most) or extent.low > extent.high:
        return full, [FRACTIONS.format(low, high)] if extent.most == ONE else []
    if extent.low == extent.high:
        return full, [f"all values of the training images are {low}: there is nothing in them to learn from."]
    found = f"the values of the training images go from {low} to {high}, where {most} would be white"
    if reading.value_range == "full":
        return full, [f"{found}; they are left as they are, so that the images have few of 256 grey levels."]
    done = f"{low} is read as black and {high} as white, in new images too"
    note = f"{found}; {done}. Train with --value-range full to leave them as they are."
    return reading.replace(value_range=(extent.low, extent.high)), [note]


def enough(extent: Extent, reading: ReadSpec) -> bool:
    """Whether images beside those of the extent cannot change how they are read, nor what is said of it."""
    if isinstance(reading.value_range, tuple):
        return _fills(extent, *reading.value_range)
    return not extent.is_narrow


def cannot_hold(value_range: ValueRange, most: float) -> list[str]:
    """Say that images are not read in a range that their format cannot hold; nothing where it can.

    Args:
        value_range: What was asked for.
        most: The greatest value that the format can hold.
    """
    if not isinstance(value_range, tuple) or value_range[1] <= most:
        return []
    low, high = value_range
    what = f"images of {int(most).bit_length()} bits"
    return [f"{what} hold no more than {most:g}: they are read from 0 to {most:g}, and not from {low:,g} to {high:,g}."]


def _held_against(extent: Extent, low: float, high: float) -> list[str]:
    """What should be said of a range that was asked for, where the images do not fill it."""
    if extent.low > extent.high or _fills(extent, low, high):
        return []
    found = f"the values of the training images go from {extent.low:,.10g} to {extent.high:,.10g}"
    asked = f"{low:,.10g} is read as black and {high:,.10g} as white, as was asked for"
    return [f"{found}; {asked}, so that the images have few of 256 grey levels. --value-range auto fits them."]


def _fills(extent: Extent, low: float, high: float) -> bool:
    return FITTING * (extent.high - extent.low) >= high - low
