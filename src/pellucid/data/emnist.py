"""EMNIST's parts: which classes each has, and how its files are called and hold them.

Source: Cohen et al. 2017, arXiv:1702.05373, section II.
"""

from __future__ import annotations

import string
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from pellucid.data.dataset import ImageDataset


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


def emnist_dataset(
    part: str,
    images: UInt8[ndarray, "count height width"],
    labels: UInt8[ndarray, " count"],
    sources: tuple[str, ...] | None = None,
) -> ImageDataset:
    """One of the parts from its files, which hold each image column by column; here they stand upright.

    Args:
        part: A name of `PARTS`.
        images: As the file has them.
        labels: As the file has them.
        sources: What each image is called.

    Raises:
        DataError: A label is of no class of the part.
    """
    names, first = PARTS[part]
    upright = np.ascontiguousarray(images.transpose(0, 2, 1))
    return ImageDataset(upright[..., np.newaxis], labels.astype(np.int64) - first, names, sources)
