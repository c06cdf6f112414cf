"""How the network sees a picture while it is made: never twice alike, so that no single pixel can please it."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from pellucid.spec.seeds import derive_seed

Pictures = Float[Tensor, "batch channels height width"]
JITTER = 0.04  # of height and width, at least one pixel
NOISE = 0.1


def jittered(pictures: Pictures, starts: int, seed: int, step: int) -> Pictures:
    """Shift by a few pixels, blur at every other step, and add noise.

    The numbers follow from the seed and the step, and are the same for every target, so that the picture of a target
    does not depend on which others are made with it.

    Args:
        pictures: [targets * starts, channels, height, width].
        starts: Pictures of each target.
        seed: The numbers follow from it.
        step: Number of the step of the ascent.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "maximize view", step))
    shape = pictures.shape[1:]
    most = [max(1, round(JITTER * size)) for size in shape[1:]]
    shifts = [int(torch.randint(-by, by + 1, (), generator=generator)) for by in most]
    noise = NOISE * torch.randn((starts, *shape), generator=generator)
    seen = blur(pictures) if step % 2 else pictures
    shifted = torch.roll(seen, shifts, dims=(2, 3))
    return shifted + noise.to(pictures.device).repeat(len(pictures) // starts, 1, 1, 1)


def blur(pictures: Pictures) -> Pictures:
    """The mean of 3x3 pixels in the place of each; outside of the picture is black."""
    return F.avg_pool2d(pictures, 3, stride=1, padding=1)
