"""`pellucid evaluate`."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Precision, RunArgument
from pellucid.cli.output import print_json, print_text, say
from pellucid.cli.pictures import write_section
from pellucid.cli.reading import Column, reading_notes_of
from pellucid.cli.show import show


def evaluate(
    run: RunArgument = "latest",
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="Other data to judge it on; the run's own unless given.")
    ] = None,
    split: Annotated[str, typer.Option(help="The split to judge it on: test, validation or train.")] = "test",
    invert: Annotated[
        bool, typer.Option("--invert", help="Exchange dark and bright, as for dark ink on bright paper.")
    ] = False,
    image_column: Column = None,
    label_column: Column = None,
    split_column: Column = None,
    group_column: Column = None,
    robustness: Annotated[
        bool,
        typer.Option("--robustness", help="Judge it on corrupted images too; under a minute for recipe fast on MNIST."),
    ] = False,
    images: Annotated[
        int | None,
        typer.Option(min=1, help="Images that --robustness judges.  [default: 2,000, fewer of large images]"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="With --robustness: which images, and what is drawn for each.  [default: 0]"),
    ] = None,
    device: Device = "auto",
    precision: Precision = "fp32",
    as_json: Json = False,
) -> None:
    """Judge a trained run: accuracy with its interval, each class, the confusion matrix, the mistakes.

    What the run's own test split gives in fp32 is written to its folder as evaluation.json. Other data are brought to
    the run's size and channels, and their classes found among the run's by name; what the run reaches on its own test
    split stands beside the answer, with how the images differ.

    --robustness asks again with the images moved, turned, blurred, covered and changed otherwise, more and more; what
    the run's own test split gives is written to its folder as robustness.json.

    \b
    Examples:
      pellucid evaluate latest
      pellucid evaluate runs/first --split validation --json
      pellucid evaluate latest --robustness
      pellucid evaluate runs/digits scans/ --invert
      pellucid evaluate latest labels.csv --label-column kind
    """
    columns = {
        "image_column": image_column,
        "label_column": label_column,
        "split_column": split_column,
        "group_column": group_column,
    }
    given = {name: column for name, column in columns.items() if column is not None}
    if given and not data:
        raise typer.BadParameter("columns are of other data: give them too, or leave the columns out")
    if not robustness and (images, seed) != (None, None):
        raise typer.BadParameter("--images and --seed belong to --robustness")
    with uninterrupted():
        from pellucid.run.folder import find_run
        from pellucid.sections.evaluation import evaluation_section
        from pellucid.sections.robustness import robustness_section
        from pellucid.trained.run import Run

    folder = find_run(run)
    trained = Run.load(folder, device=device, precision=precision)
    splits = trained.read_data(data, progress=True, **given)
    if data:
        for note in reading_notes_of(splits):
            say(note)
    evaluation = trained.evaluate(splits, split=split, invert=invert)
    judged = evaluation_section(evaluation, trained.path)
    if not robustness:
        show(judged, as_json, {})
        return
    if not as_json:
        show(judged, as_json, {})
        print_text()
    found = trained.robustness(splits, split=split, invert=invert, images=images, seed=seed or 0, progress=True)
    section = robustness_section(found, trained.path)
    written = write_section(section, None, folder)
    if as_json:
        print_json(judged.document | {"robustness": section.document | written})
    else:
        show(section, as_json, written)
