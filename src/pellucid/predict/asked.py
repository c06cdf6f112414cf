"""What a network is asked about: the images of a file, as it takes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray

from pellucid.arrays import UInt8
from pellucid.data.decode import read_image
from pellucid.data.rows import CSV_SUFFIXES
from pellucid.spec.image_reading import ImageReading


@dataclass(frozen=True, eq=False)
class Asked:
    """The images of one file that a network is asked about.

    Attributes:
        names: What each image is called.
        numbers: Number of each image in the file, from 1.
        images: uint8, [count, height, width, channels].
        faults: What kept other images of the file from being read.
    """

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    images: UInt8[ndarray, "count height width channels"]
    faults: tuple[str, ...] = ()


def read_asked(path: Path, input_shape: tuple[int, int, int], reading: ImageReading, *, invert: bool = False) -> Asked:
    """The image of a file, or those of a table of pixels, brought to a shape.

    Args:
        path: The file.
        input_shape: (height, width, channels).
        reading: How images are brought to it.
        invert: Exchange dark and bright, as for dark ink on bright paper.

    Raises:
        DataError: The file cannot be read, or a table's images have another shape.
    """
    if path.suffix.lower() not in CSV_SUFFIXES:
        return Asked((str(path),), (1,), read_image(path, input_shape, reading, invert=invert)[np.newaxis])
    from pellucid.data.pixel_tables import read_for_answers  # by pydantic, which single images do not need

    rows = read_for_answers(path, input_shape, reading)
    images = 255 - rows.images if invert else rows.images
    faults = tuple(f"{fault.source}: {fault.reason}." for fault in rows.rejected)
    return Asked(tuple(rows.sources), tuple(rows.numbers), images, faults)
