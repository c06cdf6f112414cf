"""`pellucid predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.output import percent, print_json, print_table, say

FAR_OFF = 0.4


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
    for path, image in zip(read, pixels, strict=True):
        _warn_of_brightness(path, float(image.mean() / 255), predictor.record.data.mean_brightness, invert)
    if as_json:
        predictions = [
            {"image": str(path), "label": answer.label, "probability": answer.probability}
            | {"probabilities": answer.probabilities}
            for path, answer in zip(read, answers, strict=True)
        ]
        print_json({"run": str(folder.path), "predictions": predictions, "faults": faults})
    elif answers:
        best = [", ".join(_ranked(answer.probabilities)[:top]) for answer in answers]
        print_table(["image", "answer"], [[str(path), text] for path, text in zip(read, best, strict=True)], left=2)
    for fault in faults:
        say(f"pellucid: {fault}")
    if faults:
        raise typer.Exit(1)


def _ranked(probabilities: dict[str, float]) -> list[str]:
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    return [f"{name} {percent(probability)}" for name, probability in ranked]


def _warn_of_brightness(path: Path, brightness: float, usual: float, inverted: bool) -> None:
    """Dark ink on bright paper is answered wrongly by a network that learned bright ink on dark."""
    if abs(brightness - usual) > FAR_OFF and abs(1 - brightness - usual) < abs(brightness - usual):
        hint = "leave --invert out" if inverted else "try --invert"
        say(f"{path}: its mean brightness is {brightness:.2f}, that of the training images {usual:.2f}; {hint}.")
