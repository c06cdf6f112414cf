"""`pellucid study`: questions about training, answered by experiments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, Precision
from pellucid.cli.output import print_json, print_table, say
from pellucid.cli.reading import Channels, ImageSize, NoTest, TestSplit, notes_of, reading_settings
from pellucid.cli.training import (
    Augmentation,
    BatchSize,
    DataArgument,
    Epochs,
    LearningRate,
    ModelText,
    OptimizerName,
    RecipeName,
    Seed,
    training_settings,
)

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.study.runner import StudyResult

INTERRUPTED = 130

Processes = Annotated[int, typer.Option(help="How many trials at once; they share the cores.")]
Out = Annotated[Path | None, typer.Option(help="The study's folder.  [default: runs/study-<kind>-<data>-<UTC time>]")]
FirstSeed = Annotated[int | None, typer.Option(help="The first seed.  [default: 0]")]

app = typer.Typer(
    help="Questions about training, answered by experiments that anyone can repeat.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("batch-size")
def batch_size_study(
    data: DataArgument = "mnist",
    sizes: Annotated[str, typer.Option(help="Batch sizes, with commas between.")] = "1,10,32,128,512",
    seeds: Annotated[int, typer.Option(help="Trainings of each size.")] = 3,
    recipe: Annotated[str | None, typer.Option(help="fast, accurate, tiny or tutorial.  [default: tutorial]")] = None,
    model: ModelText = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    scaling: Annotated[
        str, typer.Option(help="How the learning rate grows with the size: none, sqrt or linear.")
    ] = "none",
    images: Annotated[int, typer.Option(help="Training images at most.")] = 50_000,
    epochs: Annotated[int, typer.Option(help="After so many, accuracies are compared.")] = 1,
    updates: Annotated[int, typer.Option(help="After so many, accuracies are compared.")] = 500,
    seconds: Annotated[float, typer.Option(help="After so many, accuracies are compared.")] = 5.0,
    minutes: Annotated[float, typer.Option(help="What all may take; longer epochs are timed in part.")] = 10.0,
    full: Annotated[bool, typer.Option("--full", help="Make every epoch whole, however long it takes.")] = False,
    image_size: ImageSize = None,
    channels: Channels = None,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """How batch size changes the speed and the stability of training: the seed's experiment, with error bars.

    \b
    Examples:
      pellucid study batch-size
      pellucid study batch-size photos/ --recipe fast --sizes 16,64,256 --seeds 5
    """
    from pellucid.errors import Fault, SettingError

    parts = [part.strip() for part in sizes.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise SettingError([Fault("--sizes must be numbers above 0 with commas between", repr(sizes))])
    settings = training_settings(learning_rate=learning_rate, optimizer=optimizer)
    asked = {
        "sizes": tuple(int(part) for part in parts),
        "seeds": seeds,
        "images": images,
        "epochs": epochs,
        "updates": updates,
        "seconds": seconds,
        "scaling": scaling,
        "minutes": minutes,
        "full": full,
        "device": device,
        "precision": precision,
    }
    name = recipe or (None if model else "tutorial")
    splits = _load(data, image_size, channels)
    _answer("batch-size", splits, asked | {"subject": _subject(splits, model, name, settings)}, out, as_json)


@app.command("learning-rate")
def learning_rate_study(
    data: DataArgument = "mnist",
    recipe: RecipeName = None,
    model: ModelText = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = None,
    seeds: Annotated[int, typer.Option(help="How many range tests.")] = 3,
    seed: FirstSeed = None,
    low: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-6,
    high: Annotated[float, typer.Option(help="The last learning rate.")] = 10.0,
    updates: Annotated[int, typer.Option(help="Of each range test.")] = 200,
    image_size: ImageSize = None,
    channels: Channels = None,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Which learning rate to take: a range test from a fresh network, and what it suggests.

    \b
    Examples:
      pellucid study learning-rate
      pellucid study learning-rate --recipe tutorial --optimizer sgd
    """
    settings = training_settings(batch_size=batch_size, optimizer=optimizer, seed=seed)
    asked = {"seeds": seeds, "low": low, "high": high, "updates": updates, "device": device, "precision": precision}
    splits = _load(data, image_size, channels)
    _answer("learning-rate", splits, asked | {"subject": _subject(splits, model, recipe, settings)}, out, as_json)


@app.command("folds")
def folds_study(
    data: DataArgument = "mnist",
    k: Annotated[int, typer.Option("--k", help="How many folds.")] = 10,
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    augment: Augmentation = None,
    seed: Annotated[int | None, typer.Option(help="Of the folds and the trainings.  [default: 0]")] = None,
    image_size: ImageSize = None,
    channels: Channels = None,
    test_split: TestSplit = None,
    no_test: NoTest = False,
    processes: Processes = 1,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Cross-validate: k networks, each judged on the fold that it was trained without.

    The test split is not looked at. What each image was answered out of fold is kept in out-of-fold.npz.

    \b
    Examples:
      pellucid study folds --k 10
      pellucid study folds photos/ --k 5 --recipe accurate --processes 2
    """
    settings = training_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        augmentation=augment,
        seed=seed,
    )
    asked = {"k": k, "processes": processes, "device": device, "precision": precision}
    splits = _load(data, image_size, channels, test_split, no_test)
    _answer("folds", splits, asked | {"subject": _subject(splits, model, recipe, settings)}, out, as_json)


@app.command("seeds")
def seeds_study(
    data: DataArgument = "mnist",
    n: Annotated[int, typer.Option("--n", help="How many seeds.")] = 10,
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    optimizer: OptimizerName = None,
    augment: Augmentation = None,
    seed: FirstSeed = None,
    image_size: ImageSize = None,
    channels: Channels = None,
    test_split: TestSplit = None,
    no_test: NoTest = False,
    processes: Processes = 1,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """How much accuracy and time vary from seed to seed.

    \b
    Examples:
      pellucid study seeds --n 20
      pellucid study seeds photos/ --recipe tiny --n 5
    """
    settings = training_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        augmentation=augment,
        seed=seed,
    )
    asked = {"n": n, "processes": processes, "device": device, "precision": precision}
    splits = _load(data, image_size, channels, test_split, no_test)
    _answer("seeds", splits, asked | {"subject": _subject(splits, model, recipe, settings)}, out, as_json)


@app.command("compare")
def compare_study(
    contenders: Annotated[
        list[str], typer.Argument(metavar="A B...", help="Recipes and models, or else runs; two or more.")
    ],
    data: Annotated[str | None, typer.Option(help="A data set's name, or your own images.  [default: mnist]")] = None,
    seeds: Annotated[int, typer.Option(help="From how many seeds each is trained.")] = 3,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    split: Annotated[
        str | None,
        typer.Option(help="What they are judged on: validation or test.  [default: validation; of runs, test]"),
    ] = None,
    time: Annotated[bool, typer.Option("--time", help="Compare training times as well, in turns.")] = False,
    image_size: ImageSize = None,
    channels: Channels = None,
    test_split: TestSplit = None,
    no_test: NoTest = False,
    processes: Processes = 1,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Whether one network is better than another, on the same images from the same seeds, in pairs.

    \b
    Examples:
      pellucid study compare fast tiny --seeds 5 --time
      pellucid study compare fast "conv 16 5x5 relu, maxpool 2x2, flatten, dense 10 softmax"
      pellucid study compare runs/first runs/second
    """
    if len(contenders) < 2:
        raise typer.BadParameter("give two contenders or more")
    from pellucid.study.compare import as_run

    runs = [as_run(name) for name in contenders]
    location = data or next((run.record.data.location or run.record.data.name for run in runs if run), "mnist")
    splits = _load(location, image_size, channels, test_split, no_test)
    settings = training_settings(epochs=epochs, batch_size=batch_size)
    asked = {
        "contenders": tuple(
            _contender(splits, name, run, settings) for name, run in zip(contenders, runs, strict=True)
        ),
        "seeds": seeds,
        "split": split or ("test" if any(runs) else "validation"),
        "time": time,
        "processes": processes,
        "device": device,
        "precision": precision,
    }
    _answer("compare", splits, asked, out, as_json)


@app.command("search")
def search_study(
    data: DataArgument = "mnist",
    trials: Annotated[int, typer.Option(help="How many choices are tried.")] = 50,
    space: Annotated[
        Path | None, typer.Option(help="A .json file that says what is varied; the study's folder keeps a copy.")
    ] = None,
    recipe: RecipeName = None,
    model: ModelText = None,
    epochs: Epochs = None,
    seed: Seed = None,
    image_size: ImageSize = None,
    channels: Channels = None,
    processes: Processes = 1,
    device: Device = "auto",
    precision: Precision = "auto",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Search for the settings and the network that do best on the validation split.

    Bad choices are ended early. The best is written as best.json, which train --recipe takes.

    \b
    Examples:
      pellucid study search --trials 30 --epochs 2
      pellucid study search photos/ --space space.json --processes 2
      pellucid train --recipe runs/study-search-mnist-20261124T120000Z/best.json
    """
    from pellucid.study.space import DEFAULT, read_space

    settings = training_settings(epochs=epochs, seed=seed)
    asked = {"trials": trials, "space": read_space(space) if space else DEFAULT, "processes": processes}
    asked |= {"device": device, "precision": precision}
    splits = _load(data, image_size, channels)
    _answer("search", splits, asked | {"subject": _subject(splits, model, recipe, settings)}, out, as_json)


@app.command("resume")
def resume(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study's folder, a name below runs/, or latest.")],
    as_json: Json = False,
) -> None:
    """Go on with a study that was interrupted or killed; trials that are done are not made again.

    \b
    Examples:
      pellucid study resume latest
      pellucid study resume runs/study-folds-mnist-20261124T120000Z
    """
    with uninterrupted():
        from pellucid.study.folder import find_study
        from pellucid.study.runner import resume_study
    folder = find_study(study)
    with _resumable(folder.path):
        done = resume_study(folder.path, progress=True)
    _report(done, as_json)


def _load(
    data: str, image_size: str | None, channels: int | None, test_split: float | None = None, no_test: bool = False
) -> DataSplits:
    with uninterrupted():
        from pellucid.data.load import load_data
    splits = load_data(data, progress=True, **reading_settings(image_size, test_split, no_test, channels=channels))
    for note in notes_of(splits):
        say(note)
    return splits


def _subject(splits: DataSplits, model: str | None, recipe: str | None, settings: dict[str, Any]) -> Any:
    from pellucid.study.question import Subject

    return Subject.of(splits, model=model, recipe=recipe, **settings)


def _contender(splits: DataSplits, name: str, run: Any, settings: dict[str, Any]) -> Any:
    from pellucid.spec.recipes import RECIPES
    from pellucid.study.compare import Contender

    if run:
        return Contender(name=name, model=run.record.model, train=run.record.train, run=str(run.path))
    made = _subject(splits, None if name in RECIPES else name, name if name in RECIPES else None, settings)
    return Contender(name=name, model=made.model, train=made.train)


def _answer(kind: str, splits: DataSplits, asked: dict[str, Any], out: Path | None, as_json: bool) -> None:
    """Make the study and tell what it came to."""
    from datetime import UTC, datetime

    with uninterrupted():
        from pellucid.run.folder import default_path
        from pellucid.study.kinds import KINDS
        from pellucid.study.runner import run_study

    question = KINDS[kind](**asked)
    place = out or default_path(f"study-{kind}", splits.name, datetime.now(UTC))
    with _resumable(place):
        done = run_study(question, splits, out=place, progress=True, on_plan=_tell_plan)
    _report(done, as_json)


def _tell_plan(trials: int, seconds: float | None) -> None:
    """How much there is to do."""
    text = f"{trials} trials"
    if seconds is not None:
        text += f", about {seconds / 60:.1f} minutes" if seconds >= 60 else f", about {seconds:.0f} seconds"
    say(text)


@contextmanager
def _resumable(place: Path) -> Iterator[None]:
    """Within this context Ctrl-C leaves a study that can be taken up again."""
    try:
        yield
    except KeyboardInterrupt:
        if (place / "study.json").exists():
            say(f"interrupted; what was measured is kept. Go on with: pellucid study resume {place}")
        raise typer.Exit(INTERRUPTED) from None


def _report(done: StudyResult, as_json: bool) -> None:
    if as_json:
        trials = [asdict(row) for row in done.trials]
        findings = done.findings.model_dump(mode="json")
        print_json({"study": str(done.path), "kind": done.question.title, "findings": findings, "trials": trials})
        return
    table = done.question.table(done.findings)
    if table:
        print_table(*table)
        typer.echo("")
    for line in done.findings.conclusion:
        typer.echo(line)
    typer.echo(str(done.path))
