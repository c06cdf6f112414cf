"""Which range of values is read as black to white, where nothing is set: it follows from the training images."""

from __future__ import annotations

import math

from pellucid.data.values import ONE, Extent
from pellucid.spec.reading import ReadSpec

FRACTIONS = (
    "the values of the training images are fractions, from {} to {}: 0 is read as black and 1 as white, in new arrays "
    "and tables too."
)


def resolved(extent: Extent, reading: ReadSpec) -> tuple[ReadSpec, list[str]]:
    """The reading with the range that is to be taken where it says ``auto``, and what should be said of it."""
    if isinstance(reading.value_range, tuple) or reading.value_range == "fractions":
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
