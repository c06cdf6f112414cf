"""`pellucid predict`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.answers import FORMATS, format_of, writing
from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Keep, NoUnknown, asking
from pellucid.cli.output import say
from pellucid.cli.reading import AS_THE_RUN, OF_IMAGES, OPTIONS, Reading, reads_data

STDIN = "-"


@reads_data(without=OPTIONS.keys() - OF_IMAGES, default=AS_THE_RUN)
def predict(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run folder, a name below runs/, or latest; an export's folder or its .onnx file."
        ),
    ],
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE...",
            help="Image files, folders of them, patterns, tables of pixels or of paths, arrays (.npy, .npz) or archives"
            " to answer for; - takes a list of such paths from stdin, one a line.",
        ),
    ],
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show for each image.")] = 3,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="TEST",
            help="Give only answers for which a test of their columns holds, such as 'probability<0.9' or"
            " 'unknown and label==\"7\"'; docs/predict.md names the columns.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"How answers are written: {', '.join(FORMATS)}. Submission is CSV of ImageId,Label for the rows of"
            " one table of pixels, as competitions take it.  [default: text, or as --out ends]",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write the answers to, in place of stdout: .json, .jsonl, .csv, .parquet."),
    ] = None,
    copy_to: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Copy the images into a folder for each class below this one; nothing there is written over.",
        ),
    ] = None,
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
    """Answer for images, brought to the channels and size that the run was trained for.

    Of a folder all images are answered, those in the folders below it too; in a table or an array each row is an image.
    Images are read some at a time, however many there are. One that cannot be read is named, the others are answered,
    and the exit status is 1.

    An image that is unlike anything trained on, or lies between two classes, is answered with unknown, the reason, and
    the most probable classes all the same. Of 100 images like those trained on, that happens to one (--keep). An export
    tells the second kind alone.

    \b
    Examples:
      pellucid predict latest digit.png
      pellucid predict exports/mnist scans/
      pellucid predict runs/first scans/*.jpg --invert --json
      pellucid predict latest scans/ --out answers.csv --where 'probability<0.9'
      pellucid predict latest scans.zip --copy-to sorted
      pellucid predict latest - --format jsonl < list.txt
      pellucid predict latest test.csv --format submission > submission.csv
      pellucid predict latest scans/ --keep 0.95 --coverage 0.9
    """
    how: dict[str, Any] = asking(keep, no_unknown) | {"coverage": coverage}
    form = format_of(form, out, images, as_json)
    if reading.get("label_column", "first") not in {"first", "last"}:
        rule = "labels are passed over; --label-column says where a table without header has them, first or last"
        raise typer.BadParameter(f"{rule}; received {reading['label_column']!r}")
    with uninterrupted():
        from pellucid.cli.tally import Tally
        from pellucid.export.load import load_classifier
        from pellucid.sections.prediction import described, unsaid

        classifier = load_classifier(run, device=device)  # a run is asked by torch
    if reading:
        classifier = classifier.reading_by(**reading)
    tally = Tally(classifier, where, copy_to, images, how, invert=invert)
    if not no_unknown and (why := unsaid(classifier)):
        say(why)
    with writing(form, out, described(classifier), top, coverage) as writer:
        with _bar(images, out) as advance:
            for batch in classifier.batches(_places(images), invert=invert, **how):
                writer.write(tally.take(batch))
                for image, answer in batch:
                    if answer is None:
                        writer.fault(image.name, image.fault)
                advance(len(batch))
        writer.end(tally.section(coverage))
    if tally.faults:
        raise typer.Exit(1)


def _places(images: Sequence[Path]) -> Iterator[str]:
    """What was given, with the paths of a list on stdin in the place of ``-``."""
    for place in images:
        if str(place) != STDIN:
            yield str(place)
            continue
        lines, is_empty = getattr(sys.stdin, "buffer", sys.stdin), True
        for line in lines:
            if path := os.fsdecode(line).rstrip("\r\n"):
                is_empty = False
                yield path
        if is_empty:
            say("The list on stdin holds no paths: there is nothing to answer for.")


@contextmanager
def _bar(images: Sequence[Path], out: Path | None) -> Iterator[Callable[[int], None]]:
    """Tells on a terminal how many images were answered, where no answers are shown on one meanwhile."""
    is_one = len(images) == 1 and images[0].is_file()
    if is_one or not sys.stderr.isatty() or (sys.stdout.isatty() and out is None):
        yield lambda _: None
        return
    from pellucid.bars import make_bar, stderr

    with make_bar(stderr(), "{task.completed:,} images") as bar:
        task = bar.add_task("answer", total=None)
        yield lambda count: bar.advance(task, count)
