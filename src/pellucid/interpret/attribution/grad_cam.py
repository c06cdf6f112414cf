"""Grad-CAM: where the maps of a layer speak for the class."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from pellucid.interpret.attribution.pixel_question import PixelQuestion
from pellucid.interpret.layers import layers_of

LEAST_SHARE = 0.01


def grad_cam(question: PixelQuestion) -> Float[Tensor, "height width"]:
    """A layer's maps, weighted by the mean gradient of each and added up; what speaks against the class is left out.

    What speaks for it counts as nothing where it stays below 1% of what speaks against it: such a map is no more than
    the layer's biases on an empty background, blown up.

    Source: Selvaraju et al. 2016, arXiv:1610.02391, equations 1 and 2.
    """
    from captum.attr import LayerGradCam  # it takes a second to import

    layer = layers_of(question.model)[question.layer]
    maps = cast("Tensor", LayerGradCam(question.model, layer).attribute(question.leaf, question.target)).detach()
    if maps.amax() <= LEAST_SHARE * maps.amin().abs():
        return torch.zeros_like(question.pixels[0, 0])
    return enlarged(maps.relu(), question)


def enlarged(maps: Float[Tensor, "1 1 rows columns"], question: PixelQuestion) -> Float[Tensor, "height width"]:
    """A map brought to the size of the image, with straight lines between its values."""
    return F.interpolate(maps.detach(), question.pixels.shape[2:], mode="bilinear", align_corners=False)[0, 0]
