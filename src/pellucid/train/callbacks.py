"""Whoever wants to hear of a training: progress bar, history file, trackers."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from pellucid.run.folder import HISTORY, RunFolder
from pellucid.run.history import Epoch, History


@dataclass(frozen=True)
class Plan:
    """What a training is going to do.

    Attributes:
        epochs: Passes over the training images.
        steps_per_epoch: Updates in each.
        images_per_epoch: Training images.
    """

    epochs: int
    steps_per_epoch: int
    images_per_epoch: int


class Callback:
    """Override what you want to hear of; the rest does nothing. An exception stops the training."""

    def on_train_begin(self, plan: Plan) -> None:
        """Training is about to begin."""

    def on_step_end(self, epoch: int, step: int, loss: Float[Tensor, ""]) -> None:
        """An update was made. Called often: return fast.

        Args:
            epoch: Its number, from 1.
            step: The update's number in the epoch, from 1.
            loss: Of the mini-batch before the update, on the device; to read it is to wait for a GPU.
        """

    def on_epoch_end(self, epoch: Epoch) -> None:
        """An epoch and its validation are done."""

    def on_train_end(self, history: History) -> None:
        """Training is over, whether it came to its end, was interrupted, or failed."""


class HistoryWriter(Callback):
    """Keeps history.csv of a run folder up to date, epoch by epoch."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.history = History()

    def on_train_begin(self, plan: Plan) -> None:
        """Write the header, so that the file is there from the start."""
        self.folder.write(HISTORY, self.history.to_csv())

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Write all rows anew, atomically."""
        self.history.epochs.append(epoch)
        self.folder.write(HISTORY, self.history.to_csv())
