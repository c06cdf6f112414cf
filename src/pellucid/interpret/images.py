"""The image that a network is looked into with: a file, or one of the run's own data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from pellucid.errors import DataError, SettingError, unknown
from pellucid.names import user_path
from pellucid.trained.data import require_fitting
from pellucid.trained.run import Run

SPLITS = ("test", "train")
NUMBERED = re.compile(r"([A-Za-z]+):(-?\d+)")


class ChosenImage(NamedTuple):
    """An image to look into the network with.

    Attributes:
        pixels: uint8, [height, width, channels], as the network takes it.
        label: Index of its true class; None where it is not known, as for a file.
        description: Which image it is, for titles.
    """

    pixels: UInt8[ndarray, "height width channels"]
    label: int | None
    description: str


def read_image_argument(run: Run, text: str, invert: bool = False) -> ChosenImage:
    """Find the image that a user names.

    Args:
        run: The run.
        text: The path of an image file; or ``test:17`` or ``train:17``, an image of the run's own data by its number,
            from 0, as `pellucid data audit` counts them too: before any were held out for validation. A file of that
            name comes first.
        invert: Exchange dark and bright.

    Raises:
        DataError: The file cannot be read, there is no image of that number, or the data cannot be had.
        SettingError: The split is unknown.
    """
    numbered = NUMBERED.fullmatch(text)
    note = ", inverted" if invert else ""
    if not numbered or user_path(text).exists():
        return ChosenImage(run.predictor.read(user_path(text), invert=invert), None, Path(text).name + note)
    split, number = numbered[1], int(numbered[2])
    if split not in SPLITS:
        raise SettingError([unknown("split", split, SPLITS)])
    splits = run.own_data()
    dataset = splits.test if split == "test" else splits.train
    require_fitting(run.record, dataset)
    if not 0 <= number < len(dataset):
        rule = f"The {split} split of {splits.name} has images 0 to {len(dataset) - 1}"
        raise DataError(f"{rule}; received {number}. Choose one of these.")
    pixels = np.array(dataset.images[number])
    description = f"{splits.name}, {split} image {number}{note}"
    return ChosenImage(255 - pixels if invert else pixels, int(dataset.labels[number]), description)
