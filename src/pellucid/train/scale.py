"""Scaling of the loss, without which small gradients would vanish in fp16."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

AT_FIRST = 2.0**16
GROWTH, BACKOFF, UPDATES_BETWEEN_GROWTHS = 2.0, 0.5, 2000  # as torch.amp.GradScaler has them


class LossScale:
    """By how much the loss is multiplied before its gradients are taken, and they are divided after that.

    It is halved when a gradient overflows and doubled when none has for long. All of it stays on the device, which is
    not waited for. Gradients and weights are fp32; what may vanish or overflow are the fp16 values between layers.

    Args:
        device: Where the gradients are.

    Source: Micikevicius et al. 2017, arXiv:1710.03740, section 3.2.
    """

    def __init__(self, device: torch.device) -> None:
        self.value: Float[Tensor, ""] = torch.full((), AT_FIRST, device=device)
        self._updates_since = torch.zeros((), dtype=torch.int32, device=device)

    def of(self, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """The loss times the scale."""
        return loss * self.value

    def state(self) -> dict[str, Tensor]:
        """The scale, and how many updates it has stood, by name."""
        return {"scale.value": self.value, "scale.updates": self._updates_since}

    def divide(self, gradients: list[Tensor]) -> Float[Tensor, ""]:
        """Divide gradients in place, and choose the scale of the next update.

        Returns:
            1 if one of them is not finite, else 0; on the device.
        """
        overflow = torch.zeros_like(self.value)
        torch.ops.aten._amp_foreach_non_finite_check_and_unscale_.default(gradients, overflow, self.value.reciprocal())
        torch.ops.aten._amp_update_scale_.default(
            self.value, self._updates_since, overflow, GROWTH, BACKOFF, UPDATES_BETWEEN_GROWTHS
        )
        return overflow
