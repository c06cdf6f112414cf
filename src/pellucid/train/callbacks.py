"""Whoever wants to hear of a training: progress bar, history file, trackers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor

from pellucid.run.folder import HISTORY, RunFolder
from pellucid.run.history import Epoch, History
from pellucid.run.record import RunRecord
from pellucid.train.learner import Progress


@dataclass(frozen=True)
class Plan:
    """What a training is going to do.

    Attributes:
        epochs: Passes over the training images, those of all networks of a vote together.
        steps_per_epoch: Updates in each epoch.
        images_per_epoch: Training images that each epoch passes over.
        record: What run.json says when the training begins; None where no run comes of it.
        made: How far each network has come already, where a training is gone on with; else empty.
    """

    epochs: int
    steps_per_epoch: int
    images_per_epoch: int
    record: RunRecord | None = None
    made: Sequence[Progress] = ()

    @property
    def history(self) -> History:
        """The epochs that are finished already."""
        return History([epoch for progress in self.made for epoch in progress.epochs])

    @property
    def under_way(self) -> Progress:
        """How far the network has come that is trained next."""
        return next((progress for progress in self.made if not progress.ended), Progress())


@dataclass
class Outcome:
    """What a training came to.

    Attributes:
        ending: ``finished`` when it came to its end, ``stopped`` when a callback ended it, ``interrupted`` when the
            user did, ``failed`` when an exception did.
        history: The finished epochs.
        steps: Updates that were made, those of an unfinished epoch too.
    """

    ending: Literal["finished", "stopped", "interrupted", "failed"] = "failed"
    history: History = field(default_factory=History)
    steps: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether the user ended the training."""
        return self.ending == "interrupted"


class Callback:
    """Override what you want to hear of; the rest does nothing. An exception stops the training.

    Attributes:
        stop_training: Set it to True to end the training of the network under way after the update or epoch that you
            were told of. What was trained is a complete run.
    """

    stop_training = False

    def on_train_begin(self, plan: Plan) -> None:
        """Training is about to begin."""

    def on_step_end(self, epoch: int, step: int, loss: Float[Tensor, ""]) -> None:
        """An update was made. Called often: return fast.

        Args:
            epoch: Number of the epoch, from 1.
            step: The update's number in the epoch, from 1.
            loss: Loss of the mini-batch before the update, on the device; to read it is to wait for a GPU.
        """

    def on_epoch_end(self, epoch: Epoch) -> None:
        """An epoch and its validation are done."""

    def on_train_end(self, outcome: Outcome) -> None:
        """Training is over, however it ended."""


class HistoryWriter(Callback):
    """Keeps history.csv of a run folder up to date, epoch by epoch."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.history = History()

    def on_train_begin(self, plan: Plan) -> None:
        """Write the header and the rows that there are, so that the file is there from the start."""
        self.history = plan.history
        self.folder.write(HISTORY, self.history.to_csv())

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Write all rows anew, atomically."""
        self.history.epochs.append(epoch)
        self.history.epochs.sort(key=lambda row: row.epoch)  # a vote that is trained further has rows of all members
        self.folder.write(HISTORY, self.history.to_csv())


class Patience(Callback):
    """Ends the training of a network when its validation loss has not become less for some epochs.

    The last epoch counts, not the best one: nothing is chosen by the validation split but when to end.

    Args:
        epochs: How many epochs without a lower validation loss are waited for.
        epochs_per_network: After so many epochs the next network of a vote begins, which is waited for anew.

    Source: Prechelt 1998, "Early stopping - but when?", the criterion of successive strips without its strips.
    """

    def __init__(self, epochs: int, epochs_per_network: int) -> None:
        self.epochs, self.epochs_per_network = epochs, epochs_per_network
        self._network, self._least, self._waited = 0, math.inf, 0

    def on_train_begin(self, plan: Plan) -> None:
        """Take in what the epochs of the network under way came to before, but for an earlier training's."""
        for epoch in plan.under_way.epochs:
            if (epoch.epoch - 1) % self.epochs_per_network >= plan.under_way.begun:
                self.on_epoch_end(epoch)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Wait for one more epoch, or no longer."""
        network = (epoch.epoch - 1) // self.epochs_per_network
        if network != self._network:
            self._network, self._least, self._waited = network, math.inf, 0
        loss = math.inf if epoch.val_loss is None else epoch.val_loss
        self._waited = 0 if loss < self._least else self._waited + 1
        self._least = min(self._least, loss)
        self.stop_training = self._waited >= self.epochs


def tell(callbacks: Sequence[Callback], event: str, *what: Any) -> None:
    """Tell every callback, even if one of them fails; the first failure is then raised."""
    failure: BaseException | None = None
    for callback in callbacks:
        try:
            getattr(callback, event)(*what)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failure = failure or error
    if failure:
        raise failure
