"""Looks at a training on its way, and knows when there is nothing more to see."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from typing_extensions import override

from pellucid.machine import peak_memory_mib, reset_peak_memory
from pellucid.model.frozen import in_training
from pellucid.study.noise_scale import noise_scale
from pellucid.train.callbacks import Callback
from pellucid.train.loop import measure
from pellucid.train.placed import PlacedSplit


class Watch(Callback):
    """Looks at a training after so many epochs, updates and seconds.

    Args:
        network: The network that is trained.
        splits: ``train``, and ``validation`` to measure on.
        epoch_updates: Updates of the epochs after which to look; 0 where epochs are timed in part.
        updates: Updates after which to look.
        seconds: Seconds after which to look, without the time of looking.
    """

    def __init__(
        self, network: nn.Module, splits: Mapping[str, PlacedSplit], epoch_updates: int, updates: int, seconds: float
    ) -> None:
        self.network, self.splits = network, splits
        self.due: dict[str, float] = {"equal_updates": updates, "equal_time": seconds}
        if epoch_updates:
            self.due["equal_epochs"] = epoch_updates
        self._tells_memory = False
        self.updates, self.elapsed, self._started, self._looked = 0, 0.0, 0.0, 0.0
        self.losses: list[Tensor] = []
        self.times: dict[str, float] = {}
        self.accuracies: dict[str, float | None] = {}
        self.noise_scale: float | None = None
        self.peak_memory_mib: float | None = None

    @property
    def has_seen_all(self) -> bool:
        """Whether the training was looked at wherever that was due."""
        return len(self.times) == len(self.due)

    def begin(self) -> None:
        """Start the clock."""
        self._tells_memory = reset_peak_memory()
        self._started = time.perf_counter()

    @override
    def on_step_end(self, epoch: int, step: int, loss: Float[Tensor, ""]) -> None:
        """Look where it is due; a GPU is waited for."""
        self.updates += 1
        if loss.is_cuda:
            torch.cuda.synchronize(loss.device)
        if len(self.losses) < self.due["equal_updates"]:
            self.losses.append(loss)
        self.elapsed = time.perf_counter() - self._started - self._looked
        reached = {"equal_epochs": self.updates, "equal_updates": self.updates, "equal_time": self.elapsed}
        for view, wanted in self.due.items():
            if view not in self.times and reached[view] >= wanted:
                self._look(view)

    def _look(self, view: str) -> None:
        """Measure; neither the time nor the memory of it counts."""
        begun = time.perf_counter()
        if self._tells_memory:
            self.peak_memory_mib = max(self.peak_memory_mib or 0.0, peak_memory_mib())
        self.accuracies[view] = measure(self.network, self.splits["validation"])[1]
        self.times[view] = self.elapsed
        if view == "equal_updates":
            self.noise_scale = noise_scale(self.network, self.splits["train"], 0)
        in_training(self.network)
        reset_peak_memory()
        self._looked += time.perf_counter() - begun

    def epoch_seconds(self, per_epoch: int, epochs: int, whole: bool) -> float | None:
        """Duration of an epoch, as it was or scaled up."""
        if whole:
            return self.times["equal_epochs"] / epochs if "equal_epochs" in self.times else None
        return self.elapsed / self.updates * per_epoch if self.updates else None

    def loss_deviation(self) -> float | None:
        """Spread of the loss over the second half of the equal updates."""
        if "equal_updates" not in self.times:
            return None
        losses = torch.stack(self.losses).float()
        spread = float(losses[len(losses) // 2 :].std())
        return spread if math.isfinite(spread) else None
