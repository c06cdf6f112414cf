"""The torch modules of layers for which torch has none that agrees with Keras."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

Maps = Float[Tensor, "batch channels height width"]
OutputMaps = Float[Tensor, "batch output_channels output_height output_width"]
Vectors = Float[Tensor, "batch units"]
Margins = tuple[int, int, int, int]


class Conv2dSame(nn.Conv2d):
    """Convolution whose padding is uneven: the odd row and column stand after the map, as in Keras."""

    def __init__(self, margins: Margins, *sizes: Any, **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.margins = margins

    def forward(self, input: Maps) -> OutputMaps:
        """Pad with zeros, then convolve."""
        return super().forward(F.pad(input, self.margins))


class MaxPool2dSame(nn.MaxPool2d):
    """Max pooling whose padding is uneven; what is added is below every value."""

    def __init__(self, margins: Margins, *sizes: Any) -> None:
        super().__init__(*sizes)
        self.margins = margins

    def forward(self, input: Maps) -> OutputMaps:
        """Pad with minus infinity, then pool."""
        padded = F.pad(input, self.margins, value=-math.inf)
        return F.max_pool2d(padded, self.kernel_size, self.stride)


class AvgPool2dSame(nn.AvgPool2d):
    """Average pooling whose padding is uneven; what is added is not counted."""

    def __init__(self, margins: Margins, map_size: tuple[int, int], *sizes: Any) -> None:
        super().__init__(*sizes)
        self.margins = margins
        counted = super().forward(F.pad(torch.ones(1, 1, *map_size), margins))
        self.share: Tensor
        self.register_buffer("share", counted, persistent=False)

    def forward(self, input: Maps) -> OutputMaps:
        """Pad with zeros, pool, and divide by the share of each window that lies on the map."""
        return super().forward(F.pad(input, self.margins)) / self.share.to(input.dtype)


class GlobalMaxPool2d(nn.Module):
    """The greatest value of each whole map."""

    def forward(self, maps: Maps) -> Float[Tensor, "batch channels"]:
        """Take the maximum over height and width."""
        return maps.amax(dim=(2, 3))


class GlobalAvgPool2d(nn.Module):
    """The mean of each whole map."""

    def forward(self, maps: Maps) -> Float[Tensor, "batch channels"]:
        """Take the mean over height and width."""
        return maps.mean(dim=(2, 3))


class FlattenChannelsLast(nn.Module):
    """All values as one vector in Keras's order: height, width, channels. Free when the channels lie last in memory."""

    def forward(self, values: Maps | Vectors) -> Vectors:
        """Move the channels last, then flatten."""
        return values.permute(0, 2, 3, 1).flatten(1) if values.dim() == 4 else values


class BatchNorm(nn.Module):
    """Batch normalisation with Keras's moving variance, which takes the batch's variance without Bessel's correction.

    torch's own corrects by n / (n - 1), and refuses a batch with one value a channel; here the last mini-batch of an
    epoch may be of any size.
    """

    def __init__(self, channels: int, momentum: float, epsilon: float) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, values: Maps | Vectors) -> Maps | Vectors:
        """Normalise by the batch in training, by the moving averages otherwise."""
        if not self.training:
            mean, variance = self.running_mean, self.running_var
            return F.batch_norm(values, mean, variance, self.weight, self.bias, eps=self.epsilon)
        normalised, mean, inverse_deviation = torch.native_batch_norm(
            values, self.weight, self.bias, None, None, training=True, momentum=0.0, eps=self.epsilon
        )
        with torch.no_grad():
            self.running_mean.lerp_(mean, 1 - self.momentum)
            self.running_var.lerp_(inverse_deviation.pow(-2) - self.epsilon, 1 - self.momentum)
        return normalised
