"""The gradient noise scale: how large a batch may grow before its images repeat one another."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pellucid.batches.images import shuffled
from pellucid.model.frozen import in_training
from pellucid.spec.seeds import derive_seed
from pellucid.train.placed import PlacedSplit

SMALL, LARGE, REPEATS = 32, 1024, 4


def noise_scale(network: nn.Module, images: PlacedSplit, seed: int) -> float | None:
    """Estimate the simple noise scale, tr(S) / |G|^2.

    S is the covariance of one image's gradient, G the true gradient. Well below so many images, twice the batch is as
    good as twice the updates; well above, more images bring nothing.
    Gradients are taken in fp32, in training mode, of a copy of the network.

    Args:
        network: The network, on the device of the images; it is left as it is.
        images: The images to choose from, at least 64.
        seed: Which images are chosen follows from it.

    Returns:
        A number of images; None where the true gradient is lost in its noise, or there are too few images.

    Source: McCandlish et al. 2018, arXiv:1812.06162, appendix A.1.
    """
    large = min(LARGE, len(images.rows) // SMALL * SMALL)
    if large < 2 * SMALL:
        return None
    network = in_training(copy.deepcopy(network))
    small_square = large_square = 0.0
    for repeat in range(REPEATS):
        rows = shuffled(images.rows, derive_seed(seed, "noise scale", repeat), 0)[:large]
        gradients = [_gradient(network, images, part) for part in rows.split(SMALL)]
        small_square += sum(float(gradient.square().sum()) for gradient in gradients) / len(gradients)
        large_square += float(torch.stack(gradients).mean(0).square().sum())
    # Unbiased estimates of |G|^2 and of tr(S), equations A.2 and A.3 of the source.
    length = (large * large_square - SMALL * small_square) / (large - SMALL)
    trace = (small_square - large_square) / (1 / SMALL - 1 / large)
    scale = trace / length if length > 0 else math.inf
    return scale if 0 < scale < math.inf else None


def _gradient(network: nn.Module, images: PlacedSplit, rows: Tensor) -> Tensor:
    """The mean gradient of a mini-batch, all weights in one vector."""
    batch, labels = images.data.batch(rows)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    loss = cross_entropy(network(batch).float(), labels)
    parts = torch.autograd.grad(loss, weights, allow_unused=True)
    return torch.cat([part.flatten() for part in parts if part is not None])
