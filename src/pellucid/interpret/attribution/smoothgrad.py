"""SmoothGrad: saliency without its noise."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from pellucid.interpret.attribution.pixel_question import PixelQuestion
from pellucid.interpret.attribution.saliency import gradients
from pellucid.spec.seeds import derive_seed

SAMPLES = 50
NOISE_SHARE = 0.15


def smoothgrad(question: PixelQuestion) -> Float[Tensor, "height width"]:
    """The mean gradient over 50 noisy copies of the image; its size, the largest over the channels.

    The noise is normal, with a standard deviation of 15% of the image's range. It is drawn on the CPU from a generator
    of its own, so that it is the same on every device and torch's own generators stay where they are.

    Source: Smilkov et al. 2017, arXiv:1706.03825, sections 2 and 3.1.
    """
    pixels = question.pixels
    generator = torch.Generator().manual_seed(derive_seed(question.seed, "smoothgrad"))
    noise = torch.randn(SAMPLES, *pixels.shape[1:], generator=generator).to(pixels.device)
    noisy = pixels + NOISE_SHARE * (pixels.amax() - pixels.amin()) * noise
    total = torch.zeros_like(pixels[0])
    for part in noisy.split(question.images_a_pass):
        total += gradients(question, part.clone().requires_grad_()).sum(dim=0)
    return (total / SAMPLES).abs().amax(dim=0)
