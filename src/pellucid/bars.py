"""Progress bars: on stderr always, shown only where that is a terminal, and gone when the work is done."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text
from typing_extensions import override

from pellucid.text import printable, shortened

REFRESHES_PER_SECOND = 10.0


class PlainColumn(TextColumn):
    """A column of text that is shown as it is: it may come from the user, as names of files do, and is no markup."""

    @override
    def render(self, task: Task) -> Text:
        """The text of a task."""
        return Text(shortened(self.text_format.format(task=task)))


def stderr() -> Console:
    """What bars and messages are written to; stdout is left to results."""
    return Console(stderr=True)


def say(console: Console, line: str) -> None:
    """Write a line that no bar takes away again."""
    console.print(Text(printable(line)), soft_wrap=True)


def make_bar(
    console: Console,
    *columns: ProgressColumn | str,
    shown: bool = True,
    refreshes_per_second: float = REFRESHES_PER_SECOND,
) -> Progress:
    """A bar that shows the description of each task, its length and further columns.

    Args:
        console: Where it is shown; where this is no terminal, the bar does nothing.
        columns: What stands behind the bar: columns of rich, or text with fields of the task in braces.
        shown: Whether to show it on a terminal.
        refreshes_per_second: How often it is drawn anew.
    """
    further = [PlainColumn(column) if isinstance(column, str) else column for column in columns]
    return Progress(
        PlainColumn("{task.description}"),
        BarColumn(),
        *further,
        console=console,
        refresh_per_second=refreshes_per_second,
        transient=True,
        redirect_stdout=False,
        disable=not (shown and console.is_terminal),
    )
