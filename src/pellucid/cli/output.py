"""What commands print: results on stdout, messages on stderr. All that is printed passes here.

Names come from the user and from data. What would steer a terminal is written out in them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from pellucid.text import columns, printable, shortened

WIDEST = 40  # columns of a table; a longer cell moves those beside it, and no other row
LONGEST = 4000  # columns of a message or of a cell; what is longer was made to be, and loses its middle


def print_json(document: Any) -> None:
    """Print a JSON document."""
    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def print_text(text: str = "") -> None:
    """Print lines on stdout."""
    typer.echo(printable(text, keep="\n"))


def print_data(text: str) -> None:
    """Print what a program reads, such as CSV, as it is."""
    typer.echo(text, nl=False)


def print_path(path: str | Path) -> None:
    """Print where something lies: for a program as it is, and on a terminal as a person can read it."""
    typer.echo(printable(str(path)) if sys.stdout.isatty() else str(path))


def say(message: str) -> None:
    """Tell the user something on stderr."""
    typer.echo("\n".join(shortened(line, LONGEST) for line in message.split("\n")), err=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1, err: bool = False) -> None:
    """Print columns under a header.

    Args:
        header: Name of each column.
        rows: A text for each cell.
        left: How many columns stand to the left; the others, of numbers, stand to the right.
        err: Print on stderr, as what is no result.
    """
    lines = [[shortened(cell, LONGEST) for cell in line] for line in (header, *rows)]
    widths = [min(WIDEST, max(columns(line[place]) for line in lines)) for place in range(len(header))]
    for line in lines:
        blanks = [" " * (width - columns(cell)) for cell, width in zip(line, widths, strict=True)]
        cells = [
            cell + blank if place < left else blank + cell
            for place, (cell, blank) in enumerate(zip(line, blanks, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip(), err=err)
