"""What a method of attribution is asked."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

VALUES_A_PASS = 1 << 20


@dataclass(frozen=True)
class PixelQuestion:
    """Which pixels of an image speak for a class?

    Attributes:
        model: Gives logits; it is in evaluation mode and its weights take no gradient.
        pixels: The image, floats in [0, 1], on the network's device.
        target: Number of the class whose logit is explained.
        layer: The layer whose maps serve; empty for methods that need none.
        seed: What the method draws at random follows from it.
    """

    model: nn.Module
    pixels: Float[Tensor, "1 channels height width"]
    target: int
    layer: str = ""
    seed: int = 0

    @property
    def leaf(self) -> Float[Tensor, "1 channels height width"]:
        """A copy of the pixels that takes a gradient."""
        return self.pixels.clone().requires_grad_()

    @property
    def images_a_pass(self) -> int:
        """How many images of this size go through the network at once, so that the memory suffices for large ones."""
        return max(1, VALUES_A_PASS // self.pixels.numel())
