"""`pellucid runs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.options import Json
from pellucid.cli.output import say
from pellucid.cli.show import show
from pellucid.sections.runs import COLUMNS, comparison_section, runs_section


def runs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Two or more, to compare them setting by setting.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to look for runs.")] = Path("runs"),
    sort: Annotated[str, typer.Option(help=f"The column to sort by: {', '.join(COLUMNS)}.")] = "started",
    reverse: Annotated[bool, typer.Option("--reverse", help="Turn the order round.")] = False,
    as_json: Json = False,
) -> None:
    """List the runs, or show in what some of them differ.

    accuracy and loss are on the test split; in a list the smallest, or oldest, stands first.

    \b
    Examples:
      pellucid runs --sort accuracy --reverse
      pellucid runs first second
    """
    from pellucid.errors import SettingError, unknown
    from pellucid.run.folder import find_run, list_runs

    if sort not in COLUMNS:
        raise SettingError([unknown("column", sort, COLUMNS)])
    if names and len(names) < 2:
        raise typer.BadParameter("give two runs or more to compare, or none to list them all")
    if names:
        chosen = [find_run(name, folder) for name in names]
        show(comparison_section([(run.path, run.read_record()) for run in chosen]), as_json, {})
        return
    found, faults = list_runs(folder)
    show(runs_section(found, faults, sort, reverse), as_json, {})
    if not found and not as_json:
        say(f"There are no runs below {folder}/. Train one with: pellucid train")
