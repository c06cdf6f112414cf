"""How far a study is: a bar on a terminal, a line a trial everywhere, both with the time left; on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Self

from pellucid.bars import make_bar, say, stderr
from pellucid.study.question import Key, Question


class StudyProgress:
    """Shows the trials of a study.

    Args:
        question: What is asked.
        seconds: How long each trial will take, by its key; None where that is not known.
        done: Keys of the trials that were made before.
        welcome: Whether to show anything; unless given, only on a terminal.
    """

    def __init__(
        self, question: Question, seconds: Mapping[Key, float | None], done: Iterable[Key], welcome: bool | None
    ) -> None:
        self.question, self.total = question, len(seconds)
        self.console = stderr()
        self.shown = self.console.is_terminal if welcome is None else welcome
        self._left = {key: value for key, value in seconds.items() if key not in set(done)}
        self._begun_with = len(self._left)
        self._known = None not in self._left.values()
        self._planned = self._weight()
        self._started = time.perf_counter()
        self._bar = make_bar(self.console, "{task.fields[left]}", shown=self.shown)
        self._task = self._bar.add_task("", total=self._planned, left="")

    def __enter__(self) -> Self:
        if self.shown and self._begun_with < self.total:
            say(self.console, f"{self.total - self._begun_with} of {self.total} trials are done already")
        self._started = time.perf_counter()
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begun(self, key: Key) -> None:
        """A trial begins."""
        text = f"trial {self.total - len(self._left) + 1}/{self.total}: {self.question.describe(key)}"
        self._bar.update(self._task, description=text, left=self._time_left())

    def ended(self, key: Key, row: Any) -> None:
        """A trial has ended."""
        del self._left[key]
        left = self._time_left()
        self._bar.update(self._task, completed=self._planned - self._weight(), left=left)
        if self.shown:
            values = ", ".join(f"{name} {_short(value)}" for name, value in asdict(row).items() if value is not None)
            say(
                self.console,
                f"trial {self.total - len(self._left)}/{self.total}: {values}" + (f"; {left}" if left else ""),
            )

    def _weight(self) -> float:
        """What is left to do: in expected seconds where they are known, else in trials."""
        return sum(value or 0.0 for value in self._left.values()) if self._known else float(len(self._left))

    def _time_left(self) -> str:
        """By the speed so far; before the first trial has ended, as expected."""
        left = self._weight()
        made = self._planned - left
        if not self._left or not (made or self._known):
            return ""
        seconds = round(left * (time.perf_counter() - self._started) / made if made else left)
        return f"{seconds // 60}:{seconds % 60:02d} left"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
