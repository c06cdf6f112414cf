"""`pellucid evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Precision, RunArgument
from pellucid.cli.output import number, percent, print_json, print_table, say

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.judge.evaluation import Evaluation
    from pellucid.trained.run import Run

MISTAKES_SHOWN = 5


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
        from pellucid.trained.run import load_run

    trained = load_run(run, device=device, precision=precision)
    other = _others(trained, data) if data else None
    evaluation = trained.evaluate(other, split=split)
    if as_json:
        print_json({"run": str(trained.path), **evaluation.model_dump(mode="json")})
    else:
        _report(evaluation)


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


def _report(evaluation: Evaluation) -> None:
    low, high = evaluation.accuracy_interval
    typer.echo(f"{evaluation.data}, {evaluation.split} split, {evaluation.count} images")
    typer.echo(f"accuracy {percent(evaluation.accuracy)} (95% interval {percent(low)} to {percent(high)})")
    typer.echo(f"loss {evaluation.loss:.4f}\n")
    print_table(
        ["class", "images", "precision", "recall", "F1"],
        [
            [score.name, str(score.support), percent(score.precision), percent(score.recall), number(score.f1)]
            for score in evaluation.per_class
        ],
    )
    typer.echo("\nconfusion: a row is what the images are, a column what was answered")
    print_table(
        ["", *evaluation.class_names],
        [[name, *map(str, row)] for name, row in zip(evaluation.class_names, evaluation.confusion, strict=True)],
    )
    worst = sorted(evaluation.mistakes, key=lambda mistake: -mistake.probability)[:MISTAKES_SHOWN]
    typer.echo(f"\n{len(evaluation.mistakes)} mistakes" + ("; the surest:" if worst else ""))
    for mistake in worst:
        what = mistake.source or f"image {mistake.index}"
        typer.echo(f"  {what}: {mistake.label} taken for {mistake.predicted} at {percent(mistake.probability)}")
