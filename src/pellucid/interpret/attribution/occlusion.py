"""Occlusion: what the logit loses when a part of the image is covered."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from pellucid.interpret.attribution.pixel_question import PixelQuestion

WINDOWS_A_SIDE = 7
LEAST_WINDOW = 2


def occlusion(question: PixelQuestion) -> Float[Tensor, "height width"]:
    """The logit less that with a black window over the pixel; the mean over all windows that cover it.

    A window has a seventh of the image's height and width, at least 2 pixels, and moves by half of its size.

    Source: Zeiler and Fergus 2013, arXiv:1311.2901, section 4.2.
    """
    from captum.attr import Occlusion  # it takes a second to import

    _, channels, height, width = question.pixels.shape
    window = (window_side(height), window_side(width))
    losses = Occlusion(question.model).attribute(
        question.pixels,
        sliding_window_shapes=(channels, *window),
        strides=(channels, *(max(1, side // 2) for side in window)),
        baselines=0,
        target=question.target,
        perturbations_per_eval=question.images_a_pass,
    )
    return losses.detach()[0, 0]


def window_side(side: int) -> int:
    """Pixels that a window has along a side of the image."""
    return min(side, max(LEAST_WINDOW, round(side / WINDOWS_A_SIDE)))
