"""Sums over an epoch, kept on the device so that it need not be waited for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from pellucid.errors import DivergedError
from pellucid.spec.train import TrainSpec
from pellucid.train.learner import Progress

# How often a loss that is not finite is looked for on the CPU. Elsewhere looking would make the device wait, so there
# it is looked for at the end of an epoch.
STEPS_BETWEEN_CHECKS = 50
REMEDY = "Try a tenth of the learning rate, batch normalisation, or --precision fp32."


class Tally:
    """Loss and right answers of the epoch under way, added up in its progress without waiting for the device.

    Args:
        progress: Progress of the training; an epoch of which some updates were made is gone on with.
        batches: How many images each mini-batch of the epoch has.
        spec: How the network is trained.
        epoch: Number of the epoch, for messages.
        device: Device of the network.
    """

    def __init__(
        self, progress: Progress, batches: Sequence[int], spec: TrainSpec, epoch: int, device: torch.device
    ) -> None:
        self.progress, self.batches, self.spec, self.epoch = progress, batches, spec, epoch
        if not progress.step:
            progress.losses = torch.zeros(len(batches), device=device)
            progress.right = torch.zeros((), dtype=torch.int64, device=device)
        self.checked = 0
        self.check_every = STEPS_BETWEEN_CHECKS if device.type == "cpu" else len(batches) + 1

    def add(
        self, loss: Float[Tensor, ""], logits: Float[Tensor, "batch classes"], labels: Int64[Tensor, " batch"]
    ) -> None:
        """Take in the update that was made last.

        Raises:
            DivergedError: A loss since the last check is not finite.
        """
        step = self.progress.step
        self.progress.losses[step - 1] = loss
        self.progress.right += (logits.argmax(dim=1) == labels).sum()
        if step % self.check_every == 0:
            self.check(step)

    def check(self, until: int) -> None:
        """See that the losses up to this step are finite.

        Raises:
            DivergedError: One of the losses is not finite.
        """
        losses = self.progress.losses
        finite = losses[self.checked : until].isfinite()
        if not finite.all():
            step = self.checked + int(finite.logical_not().nonzero()[0]) + 1
            where = f"epoch {self.epoch}, step {step} of {len(self.batches)}"
            received = f"{losses[step - 1].item()} in {where} (learning rate up to {self.spec.learning_rate:g})"
            raise DivergedError(f"The loss must be finite; received {received}. {REMEDY}")
        self.checked = until

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the epoch's images.

        Raises:
            DivergedError: A loss is not finite.
        """
        self.check(len(self.batches))
        sizes, count = torch.tensor(self.batches, dtype=torch.float64), sum(self.batches)
        return float((self.progress.losses.cpu() * sizes).sum() / count), int(self.progress.right) / count
