"""The explorer page measured: what its file holds, in bytes, and what the rounding in it changes.

Run from the repository: `python benchmarks/explorer.py --out docs/explore-benchmark.md`. With `--runs FOLDER` the runs
of an earlier call are taken, and the missing ones are trained there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import pellucid as pl
from pellucid.explore.doubt import Rounded, change_of
from pellucid.explore.held_out import HeldOut
from pellucid.explore.packed import Kind
from pellucid.explore.page import template
from pellucid.explore.payload import payload_of
from pellucid.run.folder import RunFolder
from pellucid.trained.material import material_of
from pellucid.words import counted

EPOCHS = {"tutorial": 5, "fast": 1}  # by recipe; what is measured hangs on the network more than on how long it learned
PARTS = ("network", "doubt", "images", "units", "map")
INTRODUCTION = """# The explorer page: what its file holds

Made by `make bench-explorer`: recipes, trained on MNIST for {epochs},
and the pages of these runs. The whole is the file on disk. The parts are what is told of the run, as text in it; the
page is the program itself.

| recipe | whole, bytes | page | network | doubt | images | pictures of filters | map | rest |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""
ROUNDING = """
## Rounding

Weights and images are not rounded. What tells foreign images is: below stands what takes most of it, a factor of each
class's inverse covariance, kept in other ways, with what comes of it for the scores and refusals of MNIST's 10,000 test
images. Whole numbers have a scale for each row. The page takes 8 bits for up to 150,000 numbers, else 4.

| recipe | features | kept as | bytes as text | greatest change of a score | foreign by one and not by the other |
|---|---:|---|---:|---:|---:|
"""


def trained(recipe: str, folder: Path) -> pl.Run:
    """The run of a recipe on MNIST, judged."""
    place = folder / recipe
    if not (place / "run.json").exists():
        pl.fit(pl.load_data("mnist"), recipe=recipe, epochs=EPOCHS[recipe], out=place).evaluate()
    return pl.load_run(place)


def text_bytes(part: Any) -> int:
    """Bytes of a part of the document as it stands in the page."""
    return len(json.dumps(part, separators=(",", ":")))


def sizes(run: pl.Run, place: Path) -> str:
    """The row of a page: its size, and those of its parts."""
    assert run.folder  # noqa: S101
    whole = pl.write_explorer(run, place / "page.html").stat().st_size
    document = payload_of(material_of(RunFolder(run.folder.path), run))
    parts = [len(template().encode()), *(text_bytes(document[name]) for name in PARTS)]
    return _row(run.record.recipe, *(f"{part:,}" for part in (whole, *parts, whole - sum(parts))))


def rounding(run: pl.Run) -> list[str]:
    """The rows of what rounding changes."""
    doubts, limit = run.predictor.doubts, run.record.doubt and run.record.doubt.foreign_limit
    if doubts is None or limit is None or doubts.classes is None or doubts.classes.factors is None:
        return []
    features = HeldOut.asked(run).features
    about = [run.record.recipe, str(len(doubts.classes.centre))]
    rows = [_row(*about, "float16, as recorded", f"{-(-doubts.classes.factors.nbytes * 4 // 3):,}", "0", "0")]
    kinds: dict[Kind, int] = {"int8": 8, "int4": 4}
    for kind, bits in kinds.items():
        rounded = Rounded(doubts.classes, kind)
        change = change_of(doubts.classes, rounded.classes, features, limit)
        size = text_bytes(rounded.document()["factors"])
        told = f"{change['greatest_difference']:.2%}", str(change["differing"])
        rows.append(_row(*about, f"whole numbers of {bits} bits", f"{size:,}", *told))
    return rows


def page(folder: Path) -> str:
    """The document."""
    runs = [trained(recipe, folder) for recipe in EPOCHS]
    with tempfile.TemporaryDirectory() as place:
        rows = [sizes(run, Path(place)) for run in runs]
    changes = [row for run in runs for row in rounding(run)]
    epochs = " and ".join(f"{counted(number, 'epoch')} ({recipe})" for recipe, number in EPOCHS.items())
    return INTRODUCTION.format(epochs=epochs) + "\n".join(rows) + "\n" + ROUNDING + "\n".join(changes) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        given.out.write_text(page(given.runs or Path(place)), encoding="utf-8")


if __name__ == "__main__":
    main()
