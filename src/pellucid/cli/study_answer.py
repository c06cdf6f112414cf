"""What the commands of `pellucid study` share: options, the data, and telling what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.interrupts import INTERRUPTED, uninterrupted
from pellucid.cli.output import say
from pellucid.cli.show import show
from pellucid.cli.study_setting import default_of
from pellucid.spec.train import TrainSpec
from pellucid.words import counted

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits
    from pellucid.study.runner import StudyResult

Out = Annotated[Path | None, typer.Option(help="The study's folder.  [default: runs/study-<kind>-<data>-<UTC time>]")]
FirstSeed = Annotated[
    int | None, typer.Option("--seed", help=f"The first of the seeds.{default_of(TrainSpec, 'seed')}")
]


def subject_of(splits: DataSplits, model: str | None, recipe: str | None, settings: dict[str, Any]) -> Any:
    """What is to be trained, as a `Recipe`."""
    from pellucid.train.choice import choose

    return choose(splits, model=model, recipe=recipe, **settings)


def answer(kind: str, splits: DataSplits, asked: dict[str, Any], out: Path | None, as_json: bool) -> None:
    """Make the study and tell what it came to."""
    with uninterrupted():
        from pellucid.study.kinds import KINDS
        from pellucid.study.runner import run_study

    question = KINDS[kind](**asked)
    begun = list[Path]()
    with resumable(begun):
        done = run_study(question, splits, out=out, progress=True, on_plan=_tell_plan, on_folder=begun.append)
    report(done, as_json)


def _tell_plan(trials: int, seconds: float | None) -> None:
    """How much there is to do."""
    text = counted(trials, "trial")
    if seconds is not None:
        text += f", about {seconds / 60:.1f} minutes" if seconds >= 60 else f", about {seconds:.0f} seconds"
    say(text)


@contextmanager
def resumable(begun: Sequence[Path]) -> Iterator[None]:
    """Within this context Ctrl-C leaves a study that can be taken up again; its folder stands in the list by then."""
    try:
        yield
    except KeyboardInterrupt:
        for place in begun:
            if (place / "study.json").exists():
                say(f"interrupted; what was measured is kept. Go on with: pellucid study resume {place}")
        raise typer.Exit(INTERRUPTED) from None


def report(done: StudyResult, as_json: bool) -> None:
    """Tell what a study came to, and last where it lies."""
    from pellucid.study.section import study_section

    show(study_section(done), as_json, {}, paths=[str(done.path)])
