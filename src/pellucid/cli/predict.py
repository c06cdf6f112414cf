"""`pellucid predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, RunArgument
from pellucid.cli.show import show

AT_ONCE = 500  # images in memory


def predict(
    run: RunArgument,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="The image files to answer for, or folders of them.")
    ],
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show for each image.")] = 3,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Answer for image files, brought to the channels and size that the run was trained for.

    Of a folder all images are answered, those in the folders below it too. A file that cannot be read is named, the
    others are answered, and the exit status is 1.

    \b
    Examples:
      pellucid predict latest digit.png
      pellucid predict latest scans/
      pellucid predict runs/first scans/*.jpg --invert --json
    """
    with uninterrupted():
        import numpy as np

        from pellucid.errors import DataError
        from pellucid.predict.predictor import Predictor
        from pellucid.run.folder import find_run
        from pellucid.sections.prediction import brightness_hint, prediction_section

    folder = find_run(run)
    predictor = Predictor.load(folder, device=device)
    usual = predictor.record.data.mean_brightness
    files, faults, hints = _files(images)
    read, answers = [], []
    for start in range(0, len(files), AT_ONCE):
        pixels = []
        for path in files[start : start + AT_ONCE]:
            try:
                pixels.append(predictor.read(path, invert=invert))
                read.append(path)
                if hint := brightness_hint(path, float(pixels[-1].mean() / 255), usual, invert):
                    hints.append(hint)
            except DataError as error:
                faults.append(str(error))
        answers += predictor.predict(np.stack(pixels)) if pixels else []
    show(prediction_section(folder.path, read, answers, top=top, faults=faults, hints=hints), as_json, {})
    if faults:
        raise typer.Exit(1)


def _files(paths: list[Path]) -> tuple[list[Path], list[str], list[str]]:
    """The files, with their images in place of folders; what is wrong with a folder; and what is passed over."""
    from pellucid.data.folders import files_to_answer
    from pellucid.errors import DataError
    from pellucid.words import counted, some

    files, faults, passed = [], [], []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        try:
            images, others = files_to_answer(path)
        except DataError as error:
            faults.append(str(error))
            continue
        files += images
        if others:
            are = "is no image by its name" if len(others) == 1 else "are no images by their names"
            passed.append(f"{path}: {counted(len(others), 'file')} {are}: {some([str(file) for file in others], 5)}")
    return files, faults, passed
