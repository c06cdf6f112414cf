"""What a method of attribution is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pellucid.model.vote import members_of

VALUES_A_PASS = 1 << 20


@dataclass(frozen=True)
class Question:
    """Which pixels of an image speak for a class?

    Attributes:
        model: Gives logits; it is in evaluation mode and its weights take no gradient.
        pixels: The image, floats in [0, 1], on the network's device.
        target: Number of the class whose logit is explained.
        layer: The layer whose maps serve; empty for methods that need none.
        seed: What is drawn follows from it.
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


class MeanLogits(nn.Module):
    """The members of a vote by the mean of their logits.

    The vote itself gives the logarithm of a probability, whose gradient vanishes where the answer is certain.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)  # its layers bear the names that they have in the vote

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Average the logits of the members."""
        return torch.stack([member(images) for member in self.members]).mean(dim=0)


def explained(model: nn.Module) -> nn.Module:
    """The network whose output is explained: the one given, or the mean logits of a vote."""
    members = members_of(model)
    return MeanLogits(members) if len(members) > 1 else model
