"""`pellucid report`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Device, Json, file_place
from pellucid.cli.output import print_json, print_path
from pellucid.language import ENGLISH, LANGUAGES


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...", help="A run folder, a name below runs/, or latest; two or more stand side by side."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            callback=file_place,
            help="The HTML file.  [default: report.html in the run folder; of several: comparison-report.html here]",
        ),
    ] = None,
    language: Annotated[str, typer.Option(help=f"Language of the report: {' or '.join(LANGUAGES)}.")] = ENGLISH,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes long: maximised inputs, and the time of an answer.")
    ] = False,
    margin: Annotated[
        float,
        typer.Option(
            help="Difference of accuracy, in percentage points, below which two of several runs count as equal."
        ),
    ] = 0.2,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Tell all of a run on one page: an HTML file that can be mailed, and needs no other file and no network.

    How well it answers, what was trained on what, curves, confusions, mistakes, filters, maximised inputs, speed,
    machine, and the command that repeats it. The end of pellucid train writes the quick one.

    \b
    Examples:
      pellucid report latest
      pellucid report runs/first --language zh --out first.html
      pellucid report first second
    """
    with uninterrupted():
        from pellucid.report.write import write_report

    names = runs or ["latest"]
    with _bar() as (on_chapter, on_step):
        file = write_report(
            names[0],
            *names[1:],
            out=out,
            language=language,
            whole=not quick,
            device=device,
            margin=margin / 100,
            on_chapter=on_chapter,
            on_step=on_step,
        )
    if as_json:
        print_json({"runs": names, "report": str(file), "bytes": file.stat().st_size})
    else:
        print_path(file)


@contextmanager
def _bar() -> Iterator[tuple[Callable[[str], None], Callable[[str, int, int], None]]]:
    """A bar on a terminal that names the chapter, and shows how far long work in it has come."""
    from pellucid.bars import make_bar, stderr

    with make_bar(stderr()) as bar:
        task: Any = bar.add_task("report", total=None)

        def on_chapter(name: str) -> None:
            bar.update(task, description=f"report: {name}", total=None)

        def on_step(name: str, done: int, total: int) -> None:
            bar.update(task, description=f"report: {name}", completed=done, total=total)

        yield on_chapter, on_step
