"""`pellucid study`: questions about training, answered by experiments."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.commands import CommandGroup
from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import STUDIES, Json
from pellucid.cli.study_answer import report, resumable
from pellucid.cli.study_batch_size import batch_size_study
from pellucid.cli.study_compare import compare_study
from pellucid.cli.study_folds import folds_study
from pellucid.cli.study_learning_rate import learning_rate_study
from pellucid.cli.study_search import search_study
from pellucid.cli.study_seeds import seeds_study

app = typer.Typer(
    cls=CommandGroup,
    help=STUDIES,
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("batch-size")(batch_size_study)
app.command("learning-rate")(learning_rate_study)
app.command("folds")(folds_study)
app.command("seeds")(seeds_study)
app.command("compare")(compare_study)
app.command("search")(search_study)


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
    with resumable([folder.path]):
        done = resume_study(folder.path, progress=True)
    report(done, as_json)
