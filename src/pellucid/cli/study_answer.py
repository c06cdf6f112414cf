"""What the commands of `pellucid study` share: options, the data, and telling what came out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.output import print_json, print_table, say
from pellucid.cli.reading import notes_of, reading_settings

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.study.runner import StudyResult

INTERRUPTED = 130

Out = Annotated[Path | None, typer.Option(help="The study's folder.  [default: runs/study-<kind>-<data>-<UTC time>]")]
FirstSeed = Annotated[int | None, typer.Option("--seed", help="The first seed.  [default: 0]")]


def load(
    data: str, image_size: str | None, channels: int | None, test_split: float | None = None, no_test: bool = False
) -> DataSplits:
    """The data, with what should be known of them said."""
    with uninterrupted():
        from pellucid.data.load import load_data
    splits = load_data(data, progress=True, **reading_settings(image_size, test_split, no_test, channels=channels))
    for note in notes_of(splits):
        say(note)
    return splits


def subject_of(splits: DataSplits, model: str | None, recipe: str | None, settings: dict[str, Any]) -> Any:
    """What is to be trained, as a `Recipe`."""
    from pellucid.train.choice import choose

    return choose(splits, model=model, recipe=recipe, **settings)


def answer(kind: str, splits: DataSplits, asked: dict[str, Any], out: Path | None, as_json: bool) -> None:
    """Make the study and tell what it came to."""
    from datetime import UTC, datetime

    with uninterrupted():
        from pellucid.run.folder import default_path
        from pellucid.study.kinds import KINDS
        from pellucid.study.runner import run_study

    question = KINDS[kind](**asked)
    place = out or default_path(f"study-{kind}", splits.name, datetime.now(UTC))
    with resumable(place):
        done = run_study(question, splits, out=place, progress=True, on_plan=_tell_plan)
    report(done, as_json)


def _tell_plan(trials: int, seconds: float | None) -> None:
    """How much there is to do."""
    text = f"{trials} trials"
    if seconds is not None:
        text += f", about {seconds / 60:.1f} minutes" if seconds >= 60 else f", about {seconds:.0f} seconds"
    say(text)


@contextmanager
def resumable(place: Path) -> Iterator[None]:
    """Within this context Ctrl-C leaves a study that can be taken up again."""
    try:
        yield
    except KeyboardInterrupt:
        if (place / "study.json").exists():
            say(f"interrupted; what was measured is kept. Go on with: pellucid study resume {place}")
        raise typer.Exit(INTERRUPTED) from None


def report(done: StudyResult, as_json: bool) -> None:
    """Tell what a study came to, and last where it lies."""
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
