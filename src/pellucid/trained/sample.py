"""A sample of a run's own images, to hold pictures against: some that it was trained on, and some held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor

from pellucid.data.dataset import ImageDataset
from pellucid.spec.seeds import derive_seed
from pellucid.trained.run import Run
from pellucid.trained.splits import Split, held_out

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


def sample_of(run: Run) -> Sample:
    """The sample of a run: the same each time.

    Raises:
        DataError: The data cannot be had, have changed since, or have no class large enough to hold some out.
    """
    spec = run.record.train
    splits = held_out(run.own_data(), spec.validation_split or SHARE, spec.seed)
    return Sample(_some(splits["train"], MOST_IMAGES), _some(splits["validation"], MOST_HELD_OUT))


def training_sample(run: Run, most: int, seed: int = 0) -> UInt8[ndarray, "count height width channels"]:
    """Some of the images that a run was trained on, in their order; none of its validation or test split.

    Args:
        run: The run.
        most: The most images to take.
        seed: Which images are taken follows from it.

    Raises:
        DataError: The data cannot be had, or have changed.
    """
    spec = run.record.train
    split = held_out(run.own_data(), spec.validation_split, spec.seed)["train"]
    chosen = np.random.default_rng(derive_seed(seed, "training sample")).permutation(split.rows)[:most]
    return np.array(split.dataset.images[np.sort(chosen)])


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
    """Images that are floats already, averaged down as `reduced` does it."""
    rows, columns = (min(MOST_SIDE, side) for side in images.shape[2:])
    same = (rows, columns) == tuple(images.shape[2:])
    return images.contiguous() if same else F.adaptive_avg_pool2d(images, (rows, columns))


def _some(split: Split, most: int) -> ImageDataset:
    chosen = split.rows
    if len(chosen) > most:
        random = np.random.default_rng(derive_seed(0, "sample of images"))
        chosen = np.sort(random.choice(chosen, most, replace=False))
    return split.dataset.subset(chosen)
