"""`pellucid runs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import Json
from pellucid.cli.output import print_json, print_text, say
from pellucid.cli.show import show, tell
from pellucid.sections.runs import COLUMNS, comparison_section, runs_section

if TYPE_CHECKING:
    from pellucid.run.folder import RunFolder


def runs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Two or more, to compare them setting by setting.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to look for runs.")] = Path("runs"),
    sort: Annotated[str, typer.Option(help=f"The column to sort by: {', '.join(COLUMNS)}.")] = "started",
    reverse: Annotated[bool, typer.Option("--reverse", help="Turn the order round.")] = False,
    margin: Annotated[
        float, typer.Option(help="Difference of accuracy, in percentage points, below which two runs count as equal.")
    ] = 0.2,
    as_json: Json = False,
) -> None:
    """List the runs, or show in what some of them differ, and whether one is better.

    accuracy and loss are on the test split; in a list the smallest, or oldest, stands first. Runs that were judged on
    the same test images are compared in pairs: the difference of accuracy with its interval, and McNemar's exact test.

    \b
    Examples:
      pellucid runs --sort accuracy --reverse
      pellucid runs first second
      pellucid runs first second third --margin 0.5
    """
    from pellucid.errors import SettingError, unknown
    from pellucid.run.folder import find_run, list_runs

    if sort not in COLUMNS:
        raise SettingError([unknown("column", sort, COLUMNS)])
    if names and len(names) < 2:
        raise typer.BadParameter("give two runs or more to compare, or none to list them all")
    if names:
        _compare([find_run(name, folder) for name in names], margin / 100, as_json)
        return
    found, faults = list_runs(folder)
    show(runs_section(found, faults, sort, reverse), as_json, {})
    if not found and not as_json:
        say(f"There are no runs below {folder}/. Train one with: pellucid train")


def _compare(chosen: list[RunFolder], margin: float, as_json: bool) -> None:
    """Show in what runs differ, and, where they were judged on the same images, whether they differ in accuracy."""
    from pellucid.errors import RunError
    from pellucid.judge.comparison import compare_runs, read_evaluation
    from pellucid.sections.comparison import paired_section

    paired, why = None, None
    try:
        paired = paired_section(compare_runs({str(run.path): read_evaluation(run) for run in chosen}, margin))
    except RunError as error:
        why = str(error)
    differences = comparison_section([(run.path, run.read_record()) for run in chosen], why)
    if as_json:
        print_json(differences.document | {"accuracy": paired.document if paired else None})
        return
    tell(differences)
    if paired:
        print_text()
        tell(paired)
