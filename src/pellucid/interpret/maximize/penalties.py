"""What holds a picture back: ink, and edges."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Pictures = Float[Tensor, "batch channels height width"]
Picture = Float[Tensor, "channels height width"]
Penalties = Float[Tensor, " batch"]
SHARPNESS = 1e-3  # below this difference of neighbours, the root is rounded off and has a gradient


def ink(pictures: Pictures, paper: float | Picture) -> Penalties:
    """Sum of absolute differences from the paper, a brightness or a picture: the L1 norm."""
    return (pictures - paper).abs().flatten(1).sum(1)


def total_variation(pictures: Pictures) -> Penalties:
    """Sum over all pixels of the size of the step to the next pixel down and to the right.

    Source: Rudin, Osher and Fatemi 1992, Physica D 60, equation 2.1.
    """
    down = pictures[:, :, 1:, :-1] - pictures[:, :, :-1, :-1]
    right = pictures[:, :, :-1, 1:] - pictures[:, :, :-1, :-1]
    return ((down.square() + right.square() + SHARPNESS**2).sqrt() - SHARPNESS).flatten(1).sum(1)


def unit(gradients: Pictures) -> Pictures:
    """Each picture's gradient at length 1; one that is zero everywhere stays so."""
    return torch.nn.functional.normalize(gradients.flatten(1), dim=1, eps=torch.finfo().tiny).view_as(gradients)
