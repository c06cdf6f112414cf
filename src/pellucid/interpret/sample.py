"""A sample of a run's own images, to hold pictures against: some that it was trained on, and some held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from pellucid.data.dataset import ImageDataset
from pellucid.data.splits import hold_out
from pellucid.predict import Predictor
from pellucid.spec.seeds import derive_seed

MOST_IMAGES = 20_000
MOST_HELD_OUT = 2_000
MOST_SIDE = 32
SHARE = 0.1


@dataclass(frozen=True)
class Sample:
    """Images of a run; none is of its test split.

    Attributes:
        train: At most 20,000 of those that it was trained on.
        held_out: At most 2,000 of those that it was validated on.
    """

    train: ImageDataset
    held_out: ImageDataset


def sample_of(predictor: Predictor) -> Sample:
    """The sample of a run: the same each time.

    Raises:
        DataError: The data cannot be had, have changed since, or have a class too small to hold some out.
    """
    splits, spec = predictor.own_data(), predictor.record.train
    if splits.validation is not None:
        return Sample(_some(splits.train, MOST_IMAGES), _some(splits.validation, MOST_HELD_OUT))
    kept, held_out = hold_out(splits.train, spec.validation_split or SHARE, spec.seed)
    return Sample(_some(splits.train, MOST_IMAGES, kept), _some(splits.train, MOST_HELD_OUT, held_out))


def reduced(images: UInt8[ndarray, "count height width channels"]) -> Float[Tensor, "count channels rows columns"]:
    """Images as floats in [0, 1]; those with a side above 32 pixels are averaged down to at most 32x32."""
    parts = [
        reduced_tensor(torch.from_numpy(np.ascontiguousarray(part)).permute(0, 3, 1, 2).float() / 255)
        for part in np.array_split(images, max(1, len(images) // 1_000))
    ]
    return torch.cat(parts)


def reduced_tensor(
    images: Float[Tensor, "count channels height width"],
) -> Float[Tensor, "count channels rows columns"]:
    """The same for images that are floats already."""
    rows, columns = (min(MOST_SIDE, side) for side in images.shape[2:])
    same = (rows, columns) == tuple(images.shape[2:])
    return images.contiguous() if same else F.adaptive_avg_pool2d(images, (rows, columns))


def _some(dataset: ImageDataset, most: int, rows: Int64[ndarray, " rows"] | None = None) -> ImageDataset:
    chosen = np.arange(len(dataset)) if rows is None else rows
    if len(chosen) > most:
        random = np.random.default_rng(derive_seed(0, "sample of images"))
        chosen = np.sort(random.choice(chosen, most, replace=False))
    return dataset.subset(chosen)
