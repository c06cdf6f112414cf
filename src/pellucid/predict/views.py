"""Test-time augmentation: a batch as it is, then moved a little each way."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from pellucid.batches.augment import Draw, apply
from pellucid.spec.augment import AugmentSpec, Move


def views(
    images: Float[Tensor, "batch channels height width"], spec: AugmentSpec | None
) -> Iterator[Float[Tensor, "batch channels height width"]]:
    """The images themselves, then all of them as each setting alone changes them, as far as it goes, to either side.

    Args:
        images: Values from 0 to 1.
        spec: How far images are varied, by `SIDED` settings only. None gives the images alone.

    Source: Krizhevsky et al. 2012, NeurIPS, section 4.1, which averages over shifts and reflections.
    """
    yield images
    for move in spec.moves() if spec else ():
        yield apply(images, _for_all(move, len(images)))


def _for_all(move: Move, batch: int) -> Draw:
    """The same move for each image of a batch."""
    ones = torch.ones(batch, dtype=torch.float64)
    return Draw(
        shift=torch.tensor(move.shift, dtype=torch.float64).expand(batch, 2),
        rotation=ones * move.rotation,
        scale=ones * move.scale,
        shear=ones * move.shear,
        flip=torch.full((batch,), move.flip),
    )
