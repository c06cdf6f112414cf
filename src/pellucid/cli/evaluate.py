"""`pellucid evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Precision, RunArgument
from pellucid.cli.output import say
from pellucid.cli.show import show

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.trained.run import Run


def evaluate(
    run: RunArgument = "latest",
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="Other data to judge it on; the run's own unless given.")
    ] = None,
    split: Annotated[str, typer.Option(help="The split to judge it on: test, validation or train.")] = "test",
    device: Device = "auto",
    precision: Precision = "fp32",
    as_json: Json = False,
) -> None:
    """Judge a trained run: accuracy with its interval, each class, the confusion matrix, the mistakes.

    What the run's own test split gives in fp32 is written to its folder as evaluation.json.

    \b
    Examples:
      pellucid evaluate latest
      pellucid evaluate runs/first --split validation --json
    """
    with uninterrupted():
        from pellucid.sections.evaluation import evaluation_section
        from pellucid.trained.run import load_run

    trained = load_run(run, device=device, precision=precision)
    other = _others(trained, data) if data else None
    evaluation = trained.evaluate(other, split=split)
    show(evaluation_section(evaluation, trained.path), as_json, {})


def _others(trained: Run, data: str) -> DataSplits | None:
    """Data to judge a run on: their test split, or all of them where they have none. None for the run's own."""
    from pellucid.data.dataset import DataSplits
    from pellucid.data.load import load_data
    from pellucid.spec.reading import ReadSpec

    own = trained.record.data.location
    if own in {data, str(Path(data).resolve())}:
        return None
    reading = (trained.record.data.reading or ReadSpec()).replace(test_split=None)
    other = load_data(data, reading, progress=True)
    if other.has_test:
        return other
    say(f"{other.name} has no test split, so all of its {len(other.train)} images are judged.")
    return DataSplits(other.name, other.train, other.train, location=other.location)
