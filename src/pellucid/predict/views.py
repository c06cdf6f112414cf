"""Test-time augmentation: a batch as it is, then moved a little each way."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from pellucid.batches.augment import Draw, apply
from pellucid.spec.augment import AugmentSpec

SIDES = (1, -1)


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
    for drawn in _moves(spec, len(images)) if spec else ():
        yield apply(images, drawn)


def _moves(spec: AugmentSpec, batch: int) -> Iterator[Draw]:
    ones = torch.ones(batch, dtype=torch.float64)
    if spec.shift:
        for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            yield Draw(shift=torch.stack((ones * down, ones * across), dim=1) * spec.shift)
    for side in SIDES:
        if spec.rotation:
            yield Draw(rotation=ones * side * spec.rotation)
        if spec.scale:
            yield Draw(scale=1 + ones * side * spec.scale)
        if spec.shear:
            yield Draw(shear=ones * side * spec.shear)
    if spec.horizontal_flip:
        yield Draw(flip=ones.bool())
