"""`pellucid plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import Json, RunArgument
from pellucid.cli.output import print_json


def plot(
    run: RunArgument = "latest",
    out: Annotated[
        Path | None, typer.Option(help="A .png or .svg file.  [default: curves.png in the run folder]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw accuracy and loss against epoch, for the training and the validation split.

    \b
    Examples:
      pellucid plot latest
      pellucid plot runs/first --out curves.svg
    """
    from pellucid.run.folder import CURVES, find_run
    from pellucid.trained.curves import draw_curves

    folder = find_run(run)
    file = draw_curves(folder.read_history(), folder.read_record(), out or folder.path / CURVES)
    if as_json:
        print_json({"run": str(folder.path), "file": str(file)})
    else:
        typer.echo(str(file))
