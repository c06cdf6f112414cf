"""`pellucid predict`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Keep, NoUnknown, RunArgument, asking
from pellucid.cli.output import print_data, say
from pellucid.cli.reading import AS_THE_RUN, OF_IMAGES, OPTIONS, Reading, reads_data
from pellucid.cli.show import show, warn

if TYPE_CHECKING:
    from pellucid.predict.asked import Asked
    from pellucid.predict.classifier import Classifier

TEXT, SUBMISSION = "text", "submission"

AT_ONCE = 500  # images in memory


@reads_data(without=OPTIONS.keys() - OF_IMAGES, default=AS_THE_RUN)
def predict(
    run: RunArgument,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="Image files, folders of them, or tables of pixels, to answer for."),
    ],
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show for each image.")] = 3,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="How answers are printed: text, or submission (CSV of ImageId,Label for the rows of one table of"
            " pixels, as competitions take it).",
        ),
    ] = TEXT,
    keep: Keep = None,
    no_unknown: NoUnknown = False,
    coverage: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Name a set of classes for each image that holds the true one in this share of cases."
        ),
    ] = None,
    device: Device = "auto",
    *,
    reading: Reading,
    as_json: Json = False,
) -> None:
    """Answer for image files, brought to the channels and size that the run was trained for.

    Of a folder all images are answered, those in the folders below it too; in a table of pixels (.csv, .tsv) each row
    is an image. A file that cannot be read is named, the others are answered, and the exit status is 1.

    An image that is unlike anything trained on, or lies between two classes, is answered with unknown, the reason, and
    the most probable classes all the same. Of 100 images like those trained on, that happens to one (--keep).

    \b
    Examples:
      pellucid predict latest digit.png
      pellucid predict latest scans/
      pellucid predict runs/first scans/*.jpg --invert --json
      pellucid predict latest test.csv --format submission > submission.csv
      pellucid predict latest scans/ --keep 0.95 --coverage 0.9
    """
    how: dict[str, Any] = asking(keep, no_unknown) | {"coverage": coverage}
    _require_form(form, images, as_json)
    if reading.get("label_column", "first") not in {"first", "last"}:
        rule = "labels are passed over; --label-column says where a table without header has them, first or last"
        raise typer.BadParameter(f"{rule}; received {reading['label_column']!r}")
    with uninterrupted():
        import numpy as np

        from pellucid.export.load import load_classifier
        from pellucid.predict.drift import DriftWatch
        from pellucid.sections.brightness import images_hint
        from pellucid.sections.prediction import described, prediction_section, submission, unsaid

    with uninterrupted():  # a run is asked by torch
        predictor = load_classifier(run, device=device)
    if reading:
        predictor = predictor.reading_by(**reading)
    limits = predictor.limits(keep) if not no_unknown else None
    files, faults, hints = _files(images)
    names, numbers, answers = [], [], []
    for start in range(0, len(files), AT_ONCE):
        read, unread = _read(predictor, files[start : start + AT_ONCE], invert)
        answers += predictor.predict(np.concatenate([asked.images for _, asked in read]), **how) if read else []
        names += [name for _, asked in read for name in asked.names]
        numbers += [number for _, asked in read for number in asked.numbers]
        faults += unread
        if usual := predictor.trained_on:
            hints += [hint for path, asked in read if (hint := images_hint(path, asked.images, usual, invert))]
    watch = DriftWatch(predictor.doubts, predictor.class_names) if limits and predictor.doubts else None
    if watch:
        for answer in answers:
            watch.hear(answer)
    if not no_unknown and (why := unsaid(predictor)):
        say(why)
    section = prediction_section(
        described(predictor),
        names,
        answers,
        top=top,
        faults=faults,
        hints=hints,
        limits=limits,
        drift=watch and watch.found(),
        coverage=coverage,
    )
    if form == SUBMISSION:
        warn(section)
        print_data(submission(numbers, answers) if answers else "")
    else:
        show(section, as_json, {})
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
            names = [str(Path(file).relative_to(path)) for file in others]
            passed.append(f"{path}: {counted(len(others), 'file')} {are}: {some(names, 5)}")
    return files, faults, passed


def _read(predictor: Classifier, paths: Sequence[Path], invert: bool) -> tuple[list[tuple[Path, Asked]], list[str]]:
    """The images of the files that can be read, and what is wrong with the others."""
    from pellucid.errors import DataError

    read, faults = [], []
    for path in paths:
        try:
            asked = predictor.read_all(path, invert=invert)
        except DataError as error:
            faults.append(str(error))
        else:
            read.append((path, asked))
            faults += asked.faults
    return read, faults


def _require_form(form: str, paths: Sequence[Path], as_json: bool) -> None:
    """See that the answers can be printed as asked.

    Raises:
        SettingError: There is no such format.
        typer.BadParameter: The format is not for these images, or another one is asked for as well.
    """
    from pellucid.data.rows import CSV_SUFFIXES
    from pellucid.errors import SettingError, unknown

    if form not in {TEXT, SUBMISSION}:
        raise SettingError([unknown("format", form, (TEXT, SUBMISSION))])
    if form == SUBMISSION and as_json:
        raise typer.BadParameter("give either --format submission or --json")
    if form == SUBMISSION and (len(paths) != 1 or paths[0].suffix.lower() not in CSV_SUFFIXES):
        raise typer.BadParameter("--format submission is for one table of pixels (.csv or .tsv)")
