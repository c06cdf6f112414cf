"""What batch normalisation knows of the images, measured anew on images as they are."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from pellucid.batches.images import DeviceImages
from pellucid.device import autocast
from pellucid.model.frozen import is_frozen
from pellucid.model.modules import BatchNorm

ENOUGH_IMAGES = 20_000


def renew_statistics(
    network: nn.Module, images: DeviceImages, rows: Int64[Tensor, " rows"], precision: str = "fp32"
) -> None:
    """Put the mean over many images in place of batch normalisation's moving averages.

    Those are of the last augmented batches, and what the network is to answer is not augmented. Its weights, its
    frozen layers, and networks without batch normalisation, are left as they are.

    Args:
        network: The network, on the device of the images. It is left in evaluation mode.
        images: Images on their device.
        rows: The images to look at, in an order that mixes the classes; the first `ENOUGH_IMAGES` of them do.
        precision: Precision of the activations.

    Source: Wu and Johnson 2021, arXiv:2105.07576, section 3 ("PreciseBN").
    """
    layers = [module for module in network.modules() if isinstance(module, BatchNorm) and not is_frozen(module)]
    network.eval()
    if not layers:
        return
    kept = [layer.momentum for layer in layers]
    try:
        seen = 0
        for batch, _ in images.batches(rows[:ENOUGH_IMAGES]):
            for layer in layers:
                layer.train()
                layer.momentum = seen / (seen + len(batch))  # so that every image counts alike
            seen += len(batch)
            with torch.no_grad(), autocast(images.device, precision):
                network(batch)
    finally:
        for layer, momentum in zip(layers, kept, strict=True):
            layer.momentum = momentum
            layer.eval()
