"""What commands print: results on stdout, messages on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer


def print_json(document: Any) -> None:
    """Print a JSON document."""
    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def say(message: str) -> None:
    """Tell the user something on stderr."""
    typer.echo(message, err=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1, err: bool = False) -> None:
    """Print columns under a header.

    Args:
        header: Name of each column.
        rows: A text for each cell.
        left: How many columns stand to the left; the others, of numbers, stand to the right.
        err: Print on stderr, as what is no result.
    """
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip(), err=err)
