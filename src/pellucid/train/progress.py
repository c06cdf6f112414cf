"""A progress bar on a terminal, a line an epoch elsewhere; on stderr always."""

from __future__ import annotations

import time

from jaxtyping import Float
from rich.console import Console
from rich.progress import TaskID, TimeRemainingColumn
from torch import Tensor

from pellucid.bars import make_bar, say, stderr
from pellucid.run.history import Epoch
from pellucid.train.callbacks import Callback, Outcome, Plan

SECONDS_BETWEEN_UPDATES = 0.2


class ProgressBar(Callback):
    """Shows how far a training is, how fast it goes, and what each epoch came to.

    Args:
        console: Where to show the progress; stderr unless given.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or stderr()
        columns = "{task.fields[speed]}", TimeRemainingColumn(compact=True), "left"
        self._bar = make_bar(self.console, *columns, refreshes_per_second=1 / SECONDS_BETWEEN_UPDATES)
        self._task = TaskID(0)
        self._plan = Plan(0, 0, 0)
        self._started = self._shown = 0.0
        self._before = 0

    @staticmethod
    def is_welcome() -> bool:
        """Whether stderr is a terminal, where somebody may be watching."""
        return stderr().is_terminal

    def on_train_begin(self, plan: Plan) -> None:
        """Say which weights the training begins from, unless all are fresh, and show how much is done already."""
        self._plan = plan
        if plan.record and plan.record.beginning and not plan.made:
            self.console.print(plan.record.beginning, highlight=False, soft_wrap=True, markup=False)
        self._started = self._shown = time.perf_counter()
        self._before = sum(progress.steps for progress in plan.made)
        self._task = self._bar.add_task(
            f"epoch {len(plan.history.epochs) + 1}/{plan.epochs}",
            total=plan.epochs * plan.steps_per_epoch,
            completed=self._before,
            speed="",
        )
        self._bar.start()

    def on_step_end(self, epoch: int, step: int, loss: Float[Tensor, ""]) -> None:
        """Move the bar, a few times a second."""
        now = time.perf_counter()
        if now - self._shown < SECONDS_BETWEEN_UPDATES:
            return
        self._shown = now
        done = (epoch - 1) * self._plan.steps_per_epoch + step
        images = (done - self._before) / self._plan.steps_per_epoch * self._plan.images_per_epoch
        speed = f"{images / (now - self._started):,.0f} images/s"
        self._bar.update(self._task, completed=done, description=f"epoch {epoch}/{self._plan.epochs}", speed=speed)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Print what the epoch came to."""
        text = f"epoch {epoch.epoch}/{self._plan.epochs}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.2%}"
        if epoch.val_loss is not None:
            text += f", val_loss {epoch.val_loss:.4f}, val_accuracy {epoch.val_accuracy:.2%}"
        say(self.console, f"{text}, {epoch.seconds:.1f} s")

    def on_train_end(self, outcome: Outcome) -> None:
        """Take the bar away."""
        self._bar.stop()
