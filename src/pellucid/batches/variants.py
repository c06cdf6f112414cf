"""An image beside variants of it, to be looked at."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray

from pellucid.batches.augment import augment
from pellucid.batches.images import as_input
from pellucid.spec.augment import AugmentSpec


def variants(
    image: UInt8[ndarray, "height width channels"], spec: AugmentSpec, count: int, seed: int
) -> list[Float32[ndarray, "height width channels"]]:
    """The image itself, and then variants of it as they occur in training, all in [0, 1].

    Args:
        image: Any.
        spec: How far it is varied.
        count: How many variants.
        seed: From which they follow.
    """
    plain = as_input(torch.from_numpy(np.array(image[np.newaxis])))
    varied = augment(plain.repeat(count, 1, 1, 1), spec, seed)
    return [picture.permute(1, 2, 0).numpy() for picture in torch.cat([plain, varied])]
