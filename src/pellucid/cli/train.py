"""`pellucid train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.output import percent, print_json, say
from pellucid.cli.reading import (
    Background,
    Channels,
    Column,
    Fit,
    ImageSize,
    MaxBad,
    NoTest,
    TestSplit,
    notes_of,
    reading_settings,
)
from pellucid.cli.training import (
    Augmentation,
    BatchSize,
    DataArgument,
    Epochs,
    LabelSmoothing,
    LearningRate,
    ModelText,
    NoValidation,
    OptimizerName,
    RecipeName,
    ScheduleName,
    Seed,
    ValidationSplit,
    training_settings,
)

if TYPE_CHECKING:
    from pellucid.run.record import RunRecord
    from pellucid.trained.run import Run

INTERRUPTED = 130


def train(
    data: DataArgument = "mnist",
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    schedule: ScheduleName = None,
    label_smoothing: LabelSmoothing = None,
    augment: Augmentation = None,
    validation_split: ValidationSplit = None,
    no_validation: NoValidation = False,
    seed: Seed = None,
    vote: Annotated[
        int | None, typer.Option(help="Train so many networks; the average of their probabilities answers.")
    ] = None,
    test_time_augment: Annotated[
        str | None,
        typer.Option(help="Average the answers over variants of an image: shift=0.04,rotation=6,scale=0.05 …"),
    ] = None,
    image_size: ImageSize = None,
    channels: Channels = None,
    fit: Fit = None,
    background: Background = None,
    max_bad: MaxBad = None,
    test_split: TestSplit = None,
    no_test: NoTest = False,
    image_column: Column = None,
    label_column: Column = None,
    split_column: Column = None,
    group_column: Column = None,
    device: Device = "auto",
    precision: Precision = "auto",
    gpu_memory_mib: Annotated[int | None, typer.Option(help="The most to take of a GPU's memory, in MiB.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder.  [default: runs/<data>-<recipe>-<UTC time>]")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older run in that place.")] = False,
    svg: Annotated[bool, typer.Option("--svg", help="Draw curves.svg as well as curves.png.")] = False,
    as_json: Json = False,
) -> None:
    """Train a network, judge it once on the test split, and write a run folder.

    Ctrl-C ends the training early and keeps what was trained.

    \b
    Examples:
      pellucid train
      pellucid train mnist --recipe tutorial --seed 1 --out runs/first
      pellucid train photos/ --image-size 64x64 --augment shift=0.1,horizontal_flip
      pellucid train --model "conv 16 3x3 relu, maxpool 2x2, flatten, dense 10 softmax" --epochs 3
    """
    from datetime import UTC, datetime

    with uninterrupted():
        from pellucid.data.load import load_data
        from pellucid.run.folder import default_path
        from pellucid.train.choice import choose
        from pellucid.train.fit import fit as train_on

    settings = training_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        schedule=schedule,
        label_smoothing=label_smoothing,
        augmentation=augment,
        validation_split=validation_split,
        no_validation=no_validation,
        seed=seed,
        vote=vote,
        test_time_augmentation=test_time_augment,
    )
    reading = reading_settings(
        image_size,
        test_split,
        no_test,
        channels=channels,
        fit=fit,
        background=background,
        max_bad=max_bad,
        image_column=image_column,
        label_column=label_column,
        split_column=split_column,
        group_column=group_column,
    )
    splits = load_data(data, progress=True, **reading)
    for note in notes_of(splits):
        say(note)
    chosen = choose(splits, model=model, recipe=recipe, **settings)
    out = out or default_path(splits.name, chosen.name, datetime.now(UTC))
    run = train_on(
        splits,
        recipe=chosen,
        out=out,
        overwrite=overwrite,
        device=device,
        precision=precision,
        gpu_memory_mib=gpu_memory_mib,
        progress=True,
    )
    _finish(run, out, svg, as_json)
    if run.record.status == "interrupted":
        raise typer.Exit(INTERRUPTED)
    if as_json:
        print_json({"run": str(out), **run.record.model_dump(mode="json")})
    else:
        typer.echo(str(out))


def _finish(run: Run, out: Path, svg: bool, as_json: bool) -> None:
    """Judge a run that was trained to its end on the test split and tell of it; draw the curves after that."""
    from pellucid.errors import RunError

    try:
        try:
            _judge(run, out, as_json)
        finally:
            for picture in ("curves.png", *(["curves.svg"] if svg else [])):
                if run.history.epochs:
                    run.plot(out / picture)
    except RunError as error:
        raise RunError(f"{error} The training is done and kept; finish it with: pellucid evaluate {out}") from None
    except KeyboardInterrupt:
        say(f"interrupted; the training is done and kept; finish it with: pellucid evaluate {out}")
        raise typer.Exit(INTERRUPTED) from None


def _judge(run: Run, out: Path, as_json: bool) -> None:
    if run.record.status == "interrupted":
        say(f"interrupted after {len(run.history.epochs)} epochs; what was trained is in {out}")
        if run.folder and run.folder.replaced:
            say(f"the older run is kept in {run.folder.replaced}")
        return
    if run.data and run.data.has_test:
        run.evaluate()
    if not as_json:
        _report(run.record)


def _report(record: RunRecord) -> None:
    results = record.results
    if results is None:
        return
    if results.test:
        low, high = results.test.accuracy_interval
        interval = f"95% interval {percent(low)} to {percent(high)}"
        typer.echo(f"test accuracy {percent(results.test.accuracy)} ({interval}), test loss {results.test.loss:.4f}")
    else:
        say(f"{record.data.name} has no test split, so there is no test accuracy.")
    typer.echo(f"trained in {results.train_seconds:.1f} s, peak memory {results.peak_memory_mib:.0f} MiB")
