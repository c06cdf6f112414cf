"""`pellucid plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import Json, RunArgument
from pellucid.cli.pictures import picture_place
from pellucid.cli.show import show


def plot(
    run: RunArgument = "latest",
    out: Annotated[
        Path | None,
        typer.Option(callback=picture_place, help="A .png or .svg file.  [default: curves.png in the run folder]"),
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
    from pellucid.sections.curves import curves_section
    from pellucid.trained.curves import draw_curves

    folder = find_run(run)
    history, record = folder.read_history(), folder.read_record()
    file = draw_curves(history, record, out or folder.path / CURVES)
    show(curves_section(history, record, folder.path), as_json, {"file": str(file)})
