"""EMNIST's parts: which classes each has, and how its files hold images and labels.

Source: Cohen et al. 2017, arXiv:1702.05373, section II.
"""

from __future__ import annotations

import string
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64, UInt8
from numpy import ndarray

from pellucid.errors import DataError


class Part(NamedTuple):
    """One of EMNIST's data sets.

    Attributes:
        class_names: Name of each class, in the order of the labels.
        first_label: The label of the first class.
    """

    class_names: tuple[str, ...]
    first_label: int = 0


DIGITS = tuple(string.digits)
# Both cases where they differ in shape.
MERGED = (*string.digits, *string.ascii_uppercase, *"abdefghnqrt")
PARTS = {
    "digits": Part(DIGITS),
    "mnist": Part(DIGITS),
    "letters": Part(tuple(string.ascii_lowercase), first_label=1),  # lower and upper case are one class
    "balanced": Part(MERGED),
    "bymerge": Part(MERGED),
    "byclass": Part((*string.digits, *string.ascii_uppercase, *string.ascii_lowercase)),
}


def upright(images: UInt8[ndarray, "count height width"]) -> UInt8[ndarray, "count width height"]:
    """Images as they stand; the files hold each column by column."""
    return np.ascontiguousarray(images.transpose(0, 2, 1))


def class_numbers(part: str, labels: UInt8[ndarray, " count"]) -> Int64[ndarray, " count"]:
    """The number of each label's class, from 0.

    Args:
        part: A name of `PARTS`.
        labels: As the file has them.

    Raises:
        DataError: A label is of no class of the part.
    """
    names, first = PARTS[part]
    numbers = labels.astype(np.int64) - first
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(names):
        rule = f"emnist-{part}: labels must be from {first} to {first + len(names) - 1}"
        raise DataError(f"{rule}; received {labels.min()} to {labels.max()}.")
    return numbers
