"""Arrays of numbers become images of 8 bits, by the rule that files go by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pellucid.data.dataset import ROWS_AT_ONCE
from pellucid.data.value_range import cannot_hold, resolved
from pellucid.data.values import ONE, WHITE, Extent, eight_bits, extent_of, range_within
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec


def images_of(
    path: Path, arrays: Mapping[str, np.ndarray], reading: ReadSpec
) -> tuple[dict[str, np.ndarray], ReadSpec, list[str]]:
    """The images of each split.

    Args:
        path: Where they come from, for messages.
        arrays: The numbers of each split, [count, height, width] or with the channels before or behind; ``train`` is
            among them.
        reading: Its ``value_range`` says which values are black and white.

    Returns:
        The images of each split, uint8, [count, height, width, channels]; the reading with the range that was taken;
        what should be said of it.

    Raises:
        DataError: An array has another shape, or values that no range is known of.
    """
    shaped = {split: _shaped(path, numbers) for split, numbers in arrays.items()}
    extents = {split: _extent(path, numbers) for split, numbers in shaped.items()}
    most = extents["train"].most
    is_eight_bit = shaped["train"].dtype == np.uint8
    ignored = cannot_hold(reading.value_range, WHITE) if is_eight_bit else []
    reading, notes = resolved(extents["train"], reading)
    notes = ignored or notes
    images = {}
    for split, numbers in shaped.items():
        value_range = _range(path, numbers, extents[split], most, reading)
        images[split] = _pixels(numbers, value_range)
        if beyond := extents[split].beyond(*value_range):
            notes.append(f"the {split} images hold {beyond}")
    return images, reading, notes


def _shaped(path: Path, images: np.ndarray) -> np.ndarray:
    """Images as numbers, [count, height, width, channels]."""
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.dtype == bool:
        images = images.astype(np.uint8) * 255
    if images.ndim != 4 or images.dtype.kind not in "uif":
        received = f"{images.dtype} {list(images.shape)}"
        raise DataError(
            f"{path}: images must be [count, height, width] or [count, height, width, channels]; received {received}."
        )
    return np.moveaxis(images, 1, 3) if images.shape[1] in {1, 3} and images.shape[3] not in {1, 3} else images


def _extent(path: Path, images: np.ndarray) -> Extent:
    """The values of images, and what stands for white among them; that is infinite where their type does not say it."""
    if not images.size:
        return Extent.of_nothing(WHITE)
    try:
        extent = extent_of(images, 65535.0 if images.dtype == np.uint16 else math.inf)
    except ValueError as error:
        raise DataError(f"{path}: the images cannot be used: {error}.") from None
    if images.dtype.kind == "f" and extent.low >= 0 and extent.high <= ONE and not _are_whole(images):
        return extent._replace(most=ONE)
    is_whole = images.dtype.kind in "ui" or _are_whole(images)
    return extent._replace(most=WHITE) if is_whole and extent.low >= 0 and extent.high <= WHITE else extent


def _are_whole(images: np.ndarray) -> bool:
    parts = (images[start : start + ROWS_AT_ONCE] for start in range(0, len(images), ROWS_AT_ONCE))
    return all(bool((part == np.floor(part)).all()) for part in parts)


def _range(path: Path, images: np.ndarray, extent: Extent, most: float, reading: ReadSpec) -> tuple[float, float]:
    """The values of a split's images that become black and white.

    Args:
        path: The file, for messages.
        images: The images of the split.
        extent: Their values.
        most: What stands for white among the training images, where the reading gives no range.
        reading: How to read them.

    Raises:
        DataError: No range is given, and the images hold other values than they may.
    """
    if reading.value_range == "fractions":  # whole numbers that go beyond are of 8 bits, as those of files are
        return (0.0, WHITE) if extent.high > ONE and extent.most == WHITE else (0.0, ONE)
    if images.dtype == np.uint8:
        return range_within(reading.value_range, WHITE)
    if isinstance(reading.value_range, tuple):
        return reading.value_range
    if extent.most <= most < math.inf:
        return 0.0, most
    rule = f"images must be whole numbers from 0 to {WHITE if math.isinf(most) else most:g}, or fractions from 0 to 1"
    received = f"{images.dtype} from {extent.low:g} to {extent.high:g}"
    remedy = "Say which values are black and white (--value-range LOW:HIGH), or save them as uint8."
    raise DataError(f"{path}: {rule}; received {received}. {remedy}")


def _pixels(images: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Images as uint8, some at a time."""
    if images.dtype == np.uint8 and value_range == (0, WHITE):
        return np.ascontiguousarray(images)
    pixels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), ROWS_AT_ONCE):
        pixels[start : start + ROWS_AT_ONCE] = eight_bits(images[start : start + ROWS_AT_ONCE], *value_range)
    return pixels
