"""Sums over an epoch, kept on the device so that it need not be waited for."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from pellucid.errors import TrainingError
from pellucid.spec.train import TrainSpec
from pellucid.train.callbacks import Plan

# How often a loss that is not finite is looked for on the CPU. Elsewhere looking would make the device wait, so there
# it is looked for at the end of an epoch.
STEPS_BETWEEN_CHECKS = 50
REMEDY = "Try a tenth of the learning rate, batch normalisation, or --precision fp32."


class Tally:
    """Loss and right answers of one epoch, added up on the device without waiting for it."""

    def __init__(self, plan: Plan, spec: TrainSpec, epoch: int, device: torch.device) -> None:
        self.plan, self.spec, self.epoch = plan, spec, epoch
        self.losses = torch.zeros(plan.steps_per_epoch, device=device)
        self.right = torch.zeros((), dtype=torch.int64, device=device)
        self.checked = 0
        self.check_every = STEPS_BETWEEN_CHECKS if device.type == "cpu" else plan.steps_per_epoch + 1

    def add(
        self,
        step: int,
        loss: Float[Tensor, ""],
        logits: Float[Tensor, "batch classes"],
        labels: Int64[Tensor, " batch"],
    ) -> None:
        """Take in one step, counted from 1.

        Raises:
            TrainingError: A loss since the last check is not finite.
        """
        self.losses[step - 1] = loss
        self.right += (logits.argmax(dim=1) == labels).sum()
        if step % self.check_every == 0:
            self.check(step)

    def check(self, until: int) -> None:
        """See that the losses up to this step are finite.

        Raises:
            TrainingError: One of the losses is not finite.
        """
        finite = self.losses[self.checked : until].isfinite()
        if not finite.all():
            step = self.checked + int(finite.logical_not().nonzero()[0]) + 1
            where = f"epoch {self.epoch}, step {step} of {self.plan.steps_per_epoch}"
            received = f"{self.losses[step - 1].item()} in {where} (learning rate up to {self.spec.learning_rate:g})"
            raise TrainingError(f"The loss must be finite; received {received}. {REMEDY}")
        self.checked = until

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the epoch's images.

        Raises:
            TrainingError: A loss is not finite.
        """
        steps, count = self.plan.steps_per_epoch, self.plan.images_per_epoch
        self.check(steps)
        sizes = torch.full((steps,), self.spec.batch_size, dtype=torch.float64)
        sizes[-1] = count - self.spec.batch_size * (steps - 1)
        return float((self.losses.cpu() * sizes).sum() / count), int(self.right) / count
