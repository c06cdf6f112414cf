"""`pellucid data audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import Json
from pellucid.cli.output import print_json, print_table, say
from pellucid.cli.reading import Column

if TYPE_CHECKING:
    from pellucid.audit.findings import Audit, Duplicates
    from pellucid.data.dataset import DataSplits

LINES_SHOWN = 10
MEMBERS_SHOWN = 4


def audit(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data set's name, or your own images.")] = "mnist",
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file.")] = None,
    bad_images: Annotated[
        Path, typer.Option(help="Where files that could not be used are listed, if there are any.")
    ] = Path("bad_images.csv"),
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="RUN", help="Look for wrong labels as well, with networks like this run's, or a folds study."
        ),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="For --labels: how many networks, each without one fold.")] = 5,
    top: Annotated[int, typer.Option(min=1, help="For --labels: how many suspects of each split are shown.")] = 50,
    labels_out: Annotated[Path, typer.Option(help="For --labels: folder of suspects.csv and suspects.png.")] = Path(),
    image_column: Column = None,
    label_column: Column = None,
    split_column: Column = None,
    group_column: Column = None,
    as_json: Json = False,
) -> None:
    """Look through a data set before training: leaks, duplicates, conflicting labels, gaps, files not used.

    Nothing is deleted or changed.

    \b
    Examples:
      pellucid data audit mnist
      pellucid data audit photos --html audit.html
      pellucid data audit photos --labels latest
      pellucid data audit photos --labels runs/study-folds-photos-20261124T120000Z
    """
    from pellucid.audit.examine import examine
    from pellucid.audit.findings import bad_images as listed
    from pellucid.data.load import load_data
    from pellucid.run.files import write_file
    from pellucid.spec.reading import ReadSpec

    columns = {"image": image_column, "label": label_column, "split": split_column, "group": group_column}
    # The data as they are: all that can be read, and no split that they do not bring.
    named = {f"{kind}_column": column for kind, column in columns.items()}
    splits = load_data(data, ReadSpec(max_bad=1.0, test_split=None).replace(**named), progress=True)
    found = examine(splits)
    if found.rejected:
        write_file(bad_images, listed(found))
        say(f"{len(found.rejected)} files could not be used; they are listed in {bad_images}")
    if html is not None:
        from pellucid.audit.page import write_page

        write_page(html, found, splits)
        say(f"page with pictures: {html}")
    document = found.model_dump(mode="json")
    if not as_json:
        _report(found)
    if labels is not None:
        from pellucid.cli.data_labels import report_labels

        document["labels"] = report_labels(_as_trained(data, labels), labels, folds, top, labels_out, as_json)
    if as_json:
        print_json(document)


def _as_trained(data: str, run: str) -> DataSplits:
    """The data in the shape and the splits that the run was trained on."""
    from pellucid.data.load import load_data
    from pellucid.study.folder import find_run_or_study

    return load_data(data, find_run_or_study(run).read_record().data.reading, progress=True)


def _report(found: Audit) -> None:
    typer.echo(f"{found.title}\n")
    print_table(
        ["class", *found.splits, "all"],
        [
            [counted.name, *(str(counted.counts[split]) for split in found.splits), str(counted.total)]
            for counted in found.classes
        ],
    )
    typer.echo("")
    for line in (*found.summary, *found.notes):
        typer.echo(line)
    _report_groups("exact duplicates", found.exact)
    _report_groups("near duplicates", found.near)
    _report_lines("classes too small to split", [f"{small.name}: {small.reason}" for small in found.small_classes])
    _report_lines("images of one single colour", [f"{member.label} ({member.place})" for member in found.constant])
    _report_lines("files not used", [f"{file.source}: {file.reason}" for file in found.rejected])


def _report_groups(heading: str, duplicates: Duplicates) -> None:
    lines = []
    for group in duplicates.groups[:LINES_SHOWN]:
        shown = [f"{member.label} ({member.place})" for member in group.telling(MEMBERS_SHOWN)]
        more = len(group.members) - len(shown)
        marks = "".join(f"[{mark}] " for mark in group.marks)
        lines.append(f"{marks}{'; '.join(shown)}" + (f"; and {more} more" if more else ""))
    _report_lines(heading, lines, len(duplicates.groups))


def _report_lines(heading: str, lines: list[str], total: int | None = None) -> None:
    shown, total = lines[:LINES_SHOWN], len(lines) if total is None else total
    if shown:
        typer.echo(f"\n{heading}")
        for line in shown:
            typer.echo(f"  {line}")
        if total > len(shown):
            typer.echo(f"  and {total - len(shown)} more")
