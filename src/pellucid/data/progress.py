"""A progress bar for reading many files; on stderr always."""

from __future__ import annotations

import time
from types import TracebackType

from rich.progress import TaskID, TimeRemainingColumn

from pellucid.bars import make_bar, say, stderr

MANY_FILES = 1_000
MEASURABLE = 0.05  # seconds; below, all may be told at once, and images a second mean nothing


class ReadingBar:
    """Shows what is being done to the files, and how many a second.

    Args:
        show: Whether to show anything; None shows it only on a terminal.
    """

    def __init__(self, show: bool | None = None) -> None:
        self.console = stderr()
        self.show = self.console.is_terminal if show is None else show
        left = TimeRemainingColumn(compact=True)
        self._bar = make_bar(self.console, "{task.fields[speed]}", left, shown=self.show)
        self._tasks: dict[str, tuple[TaskID, float]] = {}
        self._done: dict[str, int] = {}

    def __enter__(self) -> ReadingBar:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bar.stop()

    def __call__(self, what: str, total: int, done: int) -> None:
        """Take in that more files are done."""
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total, speed=""), time.perf_counter()
            self._done[what] = 0
        self._done[what] += done
        task, started = self._tasks[what]
        seconds = time.perf_counter() - started
        speed = f"{self._done[what] / seconds:,.0f} images/s" if seconds else ""
        self._bar.update(task, completed=self._done[what], speed=speed)
        if self.show and self._done[what] == total >= MANY_FILES:
            at_once = seconds < MEASURABLE
            say(self.console, f"{what}: {total:,} in {seconds:.1f} s" + ("" if at_once else f", {speed}"))
