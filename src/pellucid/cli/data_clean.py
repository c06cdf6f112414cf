"""`pellucid data clean`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.options import Json
from pellucid.cli.output import print_json, print_path, print_text, say
from pellucid.cli.reading import AS_THEY_ARE, Reading, as_they_are, reads_data
from pellucid.words import counted

if TYPE_CHECKING:
    from pellucid.audit.choice import LeftOut

LINES_SHOWN = 10


@reads_data(without=AS_THEY_ARE)
def clean(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data set's name, or your own images.")],
    drop: Annotated[
        list[str],
        typer.Option(
            metavar="KIND|FILE",
            help="What is left out: a kind of finding (duplicates, exact, near, turned, cropped, conflicts, constant, "
            "empty, dark, bright, blurred, elongated, unreadable), or a list as the page of data audit saves it; "
            "give it several times for several.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The new folder, which must not exist.")],
    *,
    reading: Reading,
    as_json: Json = False,
) -> None:
    """Write a copy of a data set without what an audit found or you ticked; the original stays as it is.

    Of images that are alike one stays: that of the test split, or else the first. A list is CSV with a column source
    (bad_images.csv and suspects.csv are such lists too), or has one source a line.

    \b
    Examples:
      pellucid data clean photos --drop duplicates --drop unreadable --out photos-clean
      pellucid data clean photos --drop drop-photos.csv --out photos-clean
    """
    from pellucid.audit.choice import choose
    from pellucid.data.copies import require_new, write_copy
    from pellucid.data.removal import Removal

    require_new(out, Path(data))
    splits, spec = as_they_are(data, reading)
    left_out, notes = choose(splits, drop)
    removal = Removal.of((one.split, one.index, one.source) for one in left_out)
    notes += removal.emptied(splits) + write_copy(data, splits, spec, removal, out)
    for note in notes:
        say(f"{splits.name}: {note}")
    if as_json:
        print_json({"folder": str(out), "notes": notes, "left_out": [one.model_dump(mode="json") for one in left_out]})
        return
    for line in _report(left_out):
        print_text(line)
    print_path(out)


def _report(left_out: Sequence[LeftOut]) -> list[str]:
    """How many were left out of each kind, and the first few with the reason."""
    kinds = Counter(one.kind for one in left_out)
    total = f"left out {counted(len(left_out), 'image')}" + (
        f": {', '.join(f'{count} {kind}' for kind, count in kinds.items())}" if kinds else ""
    )
    shown = [f"  {one.place}: {one.reason}" for one in left_out[:LINES_SHOWN]]
    more = [f"  and {len(left_out) - LINES_SHOWN} more; --json has all"] if len(left_out) > LINES_SHOWN else []
    return [total, *shown, *more]
