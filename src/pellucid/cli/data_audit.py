"""`pellucid data audit`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import Json, file_place
from pellucid.cli.output import print_json, say
from pellucid.cli.reading import AS_THEY_ARE, SHAPE, Reading, as_they_are, reads_data
from pellucid.cli.show import tell
from pellucid.words import counted

if TYPE_CHECKING:
    from pellucid.data.dataset import DataSplits


@reads_data(without=AS_THEY_ARE)
def audit(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data set's name, or your own images.")] = "mnist",
    html: Annotated[
        Path | None, typer.Option(callback=file_place, help="Write a page with pictures to this file.")
    ] = None,
    bad_images: Annotated[
        Path,
        typer.Option(callback=file_place, help="Where files that could not be used are listed, if there are any."),
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
    *,
    reading: Reading,
    as_json: Json = False,
) -> None:
    """Look through a data set before training: leaks, duplicates, conflicting labels, gaps, images that stand out.

    Mirrored copies and crops are duplicates too; blurred, dark, bright, nearly empty and oddly shaped images stand
    out. Nothing is deleted or changed; what you tick in the page, pellucid data clean leaves out of a copy.

    \b
    Examples:
      pellucid data audit mnist
      pellucid data audit photos --html audit.html
      pellucid data audit photos --labels latest
      pellucid data audit photos --labels runs/study-folds-photos-20261124T120000Z
    """
    from pellucid.audit.examine import examine
    from pellucid.audit.findings import bad_images as listed
    from pellucid.run.files import write_file
    from pellucid.sections.audit import audit_section

    splits, _ = as_they_are(data, reading)
    found = examine(splits)
    if found.rejected:
        write_file(bad_images, listed(found), make_folder=True)
        they_are = "it is" if len(found.rejected) == 1 else "they are"
        say(f"{counted(len(found.rejected), 'file')} could not be used; {they_are} listed in {bad_images}")
    if html is not None:
        from pellucid.audit.page import write_page

        write_page(html, found, splits)
        say(f"page with pictures: {html}")
    section = audit_section(found)
    document = dict(section.document)
    if not as_json:
        tell(section if labels is None else replace(section, remarks=()))  # which say that labels want a run
    if labels is not None:
        from pellucid.cli.data_labels import report_labels

        document["labels"] = report_labels(_as_trained(data, labels, reading), labels, folds, top, labels_out, as_json)
    if as_json:
        print_json(document)


def _as_trained(data: str, run: str, reading: Reading) -> DataSplits:
    """The data in the shape and the splits that the run was trained on, found where the user says they are."""
    from pellucid.data.load import load_data
    from pellucid.study.folder import find_run_or_study

    places = {name: value for name, value in reading.items() if name not in SHAPE}
    return load_data(data, find_run_or_study(run).read_record().data.reading, progress=True, **places)
