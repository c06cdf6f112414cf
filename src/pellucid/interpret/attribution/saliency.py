"""Saliency: how strongly the logit answers to each pixel."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from pellucid.interpret.attribution.pixel_question import PixelQuestion


def saliency(question: PixelQuestion) -> Float[Tensor, "height width"]:
    """The size of the logit's gradient at each pixel, the largest over the channels.

    Source: Simonyan et al. 2013, arXiv:1312.6034, section 3.1.
    """
    return gradients(question, question.leaf).abs()[0].amax(dim=0)


def gradients(
    question: PixelQuestion, images: Float[Tensor, "batch channels height width"]
) -> Float[Tensor, "batch channels height width"]:
    """The logit's gradient with its sign, for images that take one."""
    from captum.attr import Saliency  # it takes a second to import

    return Saliency(question.model).attribute(images, target=question.target, abs=False)
