"""A training carried through, from wherever it stands, to a run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from pellucid.data.dataset import DataSplits
from pellucid.device import enough_memory, repeatable
from pellucid.machine import peak_memory_mib
from pellucid.model.vote import Vote, members_of
from pellucid.predict.predictor import Predictor
from pellucid.run.folder import RunFolder
from pellucid.run.record import Results, RunRecord, Score
from pellucid.spec.augment import AugmentSpec
from pellucid.train.callbacks import Callback, HistoryWriter, Outcome, Patience
from pellucid.train.checkpoint import Checkpointer
from pellucid.train.interrupt import interruptible
from pellucid.train.loop import measure
from pellucid.train.members import Training, train_members
from pellucid.train.placed import PlacedSplit, place_splits
from pellucid.train.progress import ProgressBar
from pellucid.train.settle import settle
from pellucid.trained.run import Run
from pellucid.trained.splits import Split


@dataclass
class Course:
    """All that a training needs to become a run.

    Attributes:
        training: The network, and how far it has come.
        record: What run.json says when it begins.
        data: The data set.
        splits: What of it is trained on, and what is held out.
        device: Where the network is.
        folder: The run's folder; None for a run in memory.
        before: Seconds that it was trained before.
    """

    training: Training
    record: RunRecord
    data: DataSplits
    splits: Mapping[str, Split]
    device: torch.device
    folder: RunFolder | None = None
    before: float = 0.0

    def run(self, callbacks: Sequence[Callback], progress: bool | None, clock: float) -> Run:
        """Train to the end, or as far as the user lets it, and write the run.

        Args:
            callbacks: Hear of the training as it goes.
            progress: Show the progress on stderr; None where that is a terminal.
            clock: When the work began, by `time.perf_counter`.

        Raises:
            RunError: A file cannot be written.
            TrainingError: The loss is not finite, or a module of the user's failed.
        """
        spec, cuda = self.training.spec, [self.device] if self.device.type == "cuda" else []
        with interruptible() as stop:
            if self.folder:
                self.folder.write_record(self.record)
                self.folder.forget_results()  # of weights that it had before, after an interruption
            with torch.random.fork_rng(devices=cuda), repeatable(), enough_memory():
                placed = place_splits(self.splits, self.device)
                began = time.perf_counter()
                network, came_to = train_members(
                    self.training,
                    placed["train"],
                    placed.get("validation"),
                    record=self.record,
                    callbacks=[*self._own_callbacks(progress), *callbacks],
                    stop=stop,
                )
                seconds = self.before + time.perf_counter() - began
                validation = _validation(network, placed.get("validation"), came_to, spec.test_time_augmentation)
            total_seconds = self.before + time.perf_counter() - clock
            record = _finish(self.record, network, came_to, (seconds, total_seconds), validation)
            predictor = Predictor(network, record, self.device)
            run = Run(predictor, history=came_to.history, folder=self.folder, data=self.data)
            if record.status == "done":
                settle(run)
            if self.folder:
                run.write(self.folder)
                if came_to.interrupted:
                    self.folder.put_down()
            run.asked_to_stop = stop.requested
        return run

    def _own_callbacks(self, progress: bool | None) -> list[Callback]:
        spec, callbacks = self.training.spec, list[Callback]()
        if progress or (progress is None and ProgressBar.is_welcome()):
            callbacks.append(ProgressBar())
        if spec.patience:
            callbacks.append(Patience(spec.patience, spec.epochs))
        if self.folder:
            callbacks.append(HistoryWriter(self.folder))
            callbacks.append(Checkpointer(self.training, self.folder.checkpoints, self.record, before=self.before))
        return callbacks


def _validation(
    network: nn.Module, split: PlacedSplit | None, came_to: Outcome, test_time: AugmentSpec | None
) -> Score | None:
    """The score after the last epoch as the run answers: the history has it, but for votes and augmented answers."""
    if came_to.interrupted:
        return None
    if came_to.ending == "finished" and not test_time and not isinstance(network, Vote):
        last = came_to.history.epochs[-1]
        loss, accuracy = last.val_loss, last.val_accuracy
    else:
        loss, accuracy = measure(network, split, test_time)
    return None if loss is None or accuracy is None else Score(loss=loss, accuracy=accuracy)


def _finish(
    record: RunRecord, network: nn.Module, came_to: Outcome, seconds: tuple[float, float], validation: Score | None
) -> RunRecord:
    """What run.json says in the end: of the networks that there are, which an interruption may have made fewer."""
    train_seconds, total_seconds = seconds
    results = Results(
        epochs=len(came_to.history.epochs),
        steps=came_to.steps,
        train_seconds=train_seconds,
        total_seconds=total_seconds,
        peak_memory_mib=peak_memory_mib(),
        validation=validation,
        stopped_early=came_to.ending == "stopped",
    )
    status = "interrupted" if came_to.interrupted else "done"
    kept = record.train.replace(vote=len(members_of(network)))
    return record.model_copy(update={"status": status, "results": results, "train": kept})
