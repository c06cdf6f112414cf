"""A training put down in one file, from which it goes on to the same bits; and who puts it down from time to time."""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import dataclass
from typing import Any

import safetensors
import safetensors.torch
from jaxtyping import Float
from torch import Tensor

from pellucid.errors import PellucidWarning, RunError
from pellucid.run.checkpoints import Checkpoints
from pellucid.run.history import Epoch
from pellucid.run.record import RunRecord
from pellucid.train.callbacks import Callback, Outcome, Plan
from pellucid.train.members import Training
from pellucid.untrusted import parsed_json

FORMAT, ENTRY = 1, "pellucid"


@dataclass(frozen=True)
class Checkpoint:
    """What a training goes on from.

    Attributes:
        record: What run.json said when the training was begun.
        seconds: How long it was trained.
        tensors: Weights, moments and the tally, by name.
        facts: The rest of the training's state.
    """

    record: RunRecord
    seconds: float
    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def to_bytes(self) -> bytes:
        """The whole as a file of safetensors, whose one entry of metadata holds all that are not tensors, as JSON."""
        head = {"format": FORMAT, "record": self.record.model_dump(mode="json")}
        text = json.dumps(head | {"seconds": self.seconds, "facts": self.facts})
        return safetensors.torch.save({name: value.cpu() for name, value in self.tensors.items()}, {ENTRY: text})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Checkpoint:
        """Read what `to_bytes` gave.

        Raises:
            RunError: It is something else, or of another version.
        """
        try:
            size = int.from_bytes(raw[:8], "little")
            head = parsed_json(parsed_json(raw[8 : 8 + size].decode())["__metadata__"][ENTRY])
            if head["format"] != FORMAT:
                raise RunError(f"The checkpoint is of format {head['format']}; this version reads format {FORMAT}.")
            record = RunRecord.model_validate(head["record"])
            return cls(record, float(head["seconds"]), safetensors.torch.load(raw), dict(head["facts"]))
        except (KeyError, ValueError, TypeError, safetensors.SafetensorError) as error:
            raise RunError(f"The checkpoint is not one that Pellucid writes ({error}).") from None


class Checkpointer(Callback):
    """Puts a training down from time to time, and when it is interrupted.

    At the end of an epoch, and within one every half minute, unless writing would then take more than a hundredth of
    the time. After the last epoch nothing is put down, as the run itself follows.

    Args:
        training: What is put down.
        checkpoints: Where.
        record: What run.json says when the training begins.
        before: Seconds that it was trained before, where it is gone on with.

    Attributes:
        seconds: The least between two within an epoch.
        share: The greatest share of the time that writing may take.
    """

    seconds, share = 30.0, 0.01

    def __init__(self, training: Training, checkpoints: Checkpoints, record: RunRecord, *, before: float = 0.0) -> None:
        self.training, self.checkpoints, self.record, self.before = training, checkpoints, record, before
        self._epochs, self._began, self._written, self._pause = 0, 0.0, 0.0, 0.0

    def on_train_begin(self, plan: Plan) -> None:
        """Count the time from here."""
        self._epochs = plan.epochs
        self._began = self._written = time.perf_counter()

    def on_step_end(self, epoch: int, step: int, loss: Float[Tensor, ""]) -> None:
        """Put the training down when it is time."""
        if time.perf_counter() - self._written >= max(self.seconds, self._pause):
            self._write()

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Put the training down, unless that was done just before or all is done."""
        if epoch.epoch < self._epochs and time.perf_counter() - self._written >= self._pause:
            self._write()

    def on_train_end(self, outcome: Outcome) -> None:
        """Put down what was interrupted."""
        if outcome.interrupted:
            self._write()

    def _write(self) -> None:
        """Write a checkpoint; that there is no room for it does not end the training."""
        began = time.perf_counter()
        checkpoint = Checkpoint(self.record, self.before + began - self._began, *self.training.state())
        try:
            self.checkpoints.write(self.training.steps, checkpoint.to_bytes())
        except RunError as error:
            warnings.warn(f"The training goes on, but could not be put down: {error}", PellucidWarning, stacklevel=2)
        self._written = time.perf_counter()
        self._pause = (self._written - began) / self.share
