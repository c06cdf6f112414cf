"""Progress bars: on stderr always, shown only where that is a terminal, and gone when the work is done."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn

REFRESHES_PER_SECOND = 10.0


def stderr() -> Console:
    """What bars and messages are written to; stdout is left to results."""
    return Console(stderr=True)


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
    # Descriptions may come from the user, as names of files do, and brackets in them are no markup.
    further = [TextColumn(column, markup=False) if isinstance(column, str) else column for column in columns]
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *further,
        console=console,
        refresh_per_second=refreshes_per_second,
        transient=True,
        redirect_stdout=False,
        disable=not (shown and console.is_terminal),
    )
