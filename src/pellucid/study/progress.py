"""How far a study is: a bar with the time left on a terminal, a line a trial everywhere; on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pellucid.study.question import Key, Question


class StudyProgress:
    """Shows the trials of a study.

    Args:
        question: What is asked.
        plan: All trials.
        done: Those that were made before.
        welcome: Whether to show anything; unless given, only on a terminal.
    """

    def __init__(self, question: Question, plan: Sequence[Key], done: Iterable[Key], welcome: bool | None) -> None:
        self.question, self.plan = question, list(plan)
        self.console = Console(stderr=True)
        self.shown = self.console.is_terminal if welcome is None else welcome
        self.ended_trials = set(done)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            transient=True,
            redirect_stdout=False,
            disable=not (self.shown and self.console.is_terminal),
        )
        total = sum(question.weight(key) for key in plan if key not in self.ended_trials)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        if self.shown and self.ended_trials:
            self._say(f"{len(self.ended_trials)} of {len(self.plan)} trials are done already")
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begun(self, key: Key) -> None:
        """A trial begins."""
        number = len(self.ended_trials) + 1
        self._bar.update(self._task, description=f"trial {number}/{len(self.plan)}: {self.question.describe(key)}")

    def ended(self, key: Key, row: Any) -> None:
        """A trial has ended."""
        self.ended_trials.add(key)
        self._bar.advance(self._task, self.question.weight(key))
        if self.shown:
            values = ", ".join(f"{name} {_short(value)}" for name, value in asdict(row).items() if value is not None)
            self._say(f"trial {len(self.ended_trials)}/{len(self.plan)}: {values}")

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True, markup=False)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
