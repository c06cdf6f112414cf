"""What the layers of a network make of an image, as one short row of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
import torch
from jaxtyping import Float, Float32
from numpy import ndarray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

MOST_FEATURES = 256
WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


class Tap:
    """Hears what goes into each layer that has weights: a convolution, or a Dense layer; in all members of a vote.

    A layer's input is averaged over its map, so that a channel is a feature, and the square root is taken of each,
    with its sign, since activations are skewed. A layer that sees parts of images as images of their own is left
    out. Where there are more than 256 features, random sums of them are taken.

    Source for the layers: Lee et al. 2018, arXiv:1807.03888, section 2.2. For the root: Yang et al. 2021,
    arXiv:2101.06395, equation 3. For the sums: Achlioptas 2003, J. Comput. Syst. Sci. 66(4), 671-687.
    """

    def __init__(self, network: nn.Module) -> None:
        self._heard: dict[str, Tensor] = {}
        layers = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, WEIGHTED)]
        self._hooks: list[RemovableHandle] = [
            layer.register_forward_pre_hook(partial(self._hear, name)) for name, layer in layers
        ]

    def _hear(self, name: str, layer: nn.Module, taken: tuple[object, ...]) -> None:
        """Keep what the first call brought: of several variants of an image, the image itself."""
        if name not in self._heard and taken and isinstance(taken[0], Tensor) and taken[0].ndim > 1:
            self._heard[name] = _averaged(taken[0].float(), channels_last=isinstance(layer, nn.Linear))

    def take(self, batch: int) -> Float32[ndarray, "batch features"]:
        """The features of the batch that the network has just answered; none where no layer was heard.

        Args:
            batch: How many images it had.
        """
        rows = [row for row in self._heard.values() if len(row) == batch]
        self._heard = {}
        if not rows:
            return np.zeros((0, 0), np.float32)
        features = torch.cat(rows, dim=1)
        features = features.sign() * features.abs().sqrt()
        if features.shape[1] > MOST_FEATURES:
            features = features @ _signs(features.shape[1]).to(features.device)
        return features.cpu().numpy()

    def close(self) -> None:
        """Hear no more."""
        for hook in self._hooks:
            hook.remove()


@contextmanager
def tapped(network: nn.Module) -> Iterator[Tap]:
    """Within the block, a tap hears what the network answers; afterwards the network is as it was."""
    tap = Tap(network)
    try:
        yield tap
    finally:
        tap.close()


def _averaged(taken: Float[Tensor, "batch ..."], *, channels_last: bool) -> Float[Tensor, "batch features"]:
    """Means over the places of a map [batch, channels, …], or [batch, …, channels], as a Dense layer takes it."""
    if taken.ndim == 2:
        return taken
    return taken.flatten(1, -2).mean(dim=1) if channels_last else taken.flatten(2).mean(dim=2)


@cache
def _signs(width: int) -> Float32[Tensor, "width features"]:
    """Signs that are the same everywhere: numpy promises the bits of a generator, not what it makes of them."""
    bits = np.random.PCG64(0).random_raw(-(-width * MOST_FEATURES // 64)).view(np.uint8)
    signs = np.unpackbits(bits)[: width * MOST_FEATURES].reshape(width, MOST_FEATURES).astype(np.float32)
    return torch.from_numpy((2 * signs - 1) / np.float32(MOST_FEATURES) ** 0.5)
