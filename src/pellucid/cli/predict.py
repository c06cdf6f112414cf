"""`pellucid predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.show import show


def predict(
    run: RunArgument,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="The image files to answer for.")],
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show for each image.")] = 3,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Answer for image files, brought to the channels and size that the run was trained for.

    A file that cannot be read is named, the others are answered, and the exit status is 1.

    \b
    Examples:
      pellucid predict latest digit.png
      pellucid predict runs/first scans/*.jpg --invert --json
    """
    with uninterrupted():
        import numpy as np

        from pellucid.errors import DataError
        from pellucid.predict.predictor import Predictor
        from pellucid.run.folder import find_run
        from pellucid.sections.beside import brightness_hint
        from pellucid.sections.prediction import prediction_section

    folder = find_run(run)
    predictor = Predictor.load(folder, device=device)
    pixels, read, faults = [], [], []
    for path in images:
        try:
            pixels.append(predictor.read(path, invert=invert))
            read.append(path)
        except DataError as error:
            faults.append(str(error))
    answers = predictor.predict(np.stack(pixels)) if pixels else []
    usual = predictor.record.data.mean_brightness
    hints = (
        brightness_hint(path, float(image.mean() / 255), usual, invert)
        for path, image in zip(read, pixels, strict=True)
    )
    said = [hint for hint in hints if hint]
    show(prediction_section(folder.path, read, answers, top=top, faults=faults, hints=said), as_json, {})
    if faults:
        raise typer.Exit(1)
