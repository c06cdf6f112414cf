"""What Pellucid writes into a run folder. All else in it is the user's, and is never moved or removed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pellucid.run.files import bears_mark
from pellucid.run.lock import LOCK

RECORD, HISTORY, WEIGHTS, CURVES, EVALUATION, ROBUSTNESS, DOUBT = (
    "run.json",
    "history.csv",
    "model.safetensors",
    "curves.png",
    "evaluation.json",
    "robustness.json",
    "doubt.safetensors",
)
FILES = (RECORD, HISTORY, WEIGHTS, CURVES, "curves.svg", EVALUATION, ROBUSTNESS, DOUBT)
REPORT, EXPLORER = "report{}.html", "explorer{}.html"  # and one of each other language
PAGES = re.compile(r"(report|explorer)(-[a-z]{2})?\.html")
PICTURES, CHECKPOINTS = "pictures", "checkpoints"
CHECKPOINT = re.compile(r"\d{8,18}-[0-9a-f]{64}\.safetensors")
# What `write_file` leaves of a file when it is killed.
PARTS = re.compile(rf"\.({'|'.join(map(re.escape, FILES))}|{PAGES.pattern}|{CHECKPOINT.pattern})\.[a-z0-9_]{{8}}\.part")


def own_files(folder: Path) -> list[Path]:
    """The files in a run's folder that Pellucid wrote.

    The files of the run itself are known by their names, since the record beside them is Pellucid's. In the folder of
    pictures anybody may have put something, so those are Pellucid's that bear its mark; and so are pages.
    """
    own = [folder / name for name in FILES if os.path.lexists(folder / name)]
    own += parts(folder)
    own += [place for place in folder.glob("*.html") if PAGES.fullmatch(place.name) and bears_mark(place)]
    own += checkpoint_files(folder)
    pictures = folder / PICTURES
    if pictures.is_symlink():  # it leads to where others may keep their pictures
        return own
    return own + sorted(place for place in pictures.glob("*") if bears_mark(place))


def parts(folder: Path) -> list[Path]:
    """What killed processes left in a run's folder of files that they were about to write."""
    return [place for place in folder.glob(".*.part") if PARTS.fullmatch(place.name)]


def checkpoint_files(folder: Path) -> list[Path]:
    """The checkpoints in a run's folder, and what a killed process left of one."""
    checkpoints = folder / CHECKPOINTS
    if checkpoints.is_symlink():
        return []
    return sorted(
        place for place in checkpoints.glob("*") if CHECKPOINT.fullmatch(place.name) or PARTS.fullmatch(place.name)
    )


def others_files(folder: Path) -> list[Path]:
    """What else is in a run's folder: its entries, and those of the folders in it, that are not Pellucid's."""
    own = {*own_files(folder), folder / CHECKPOINTS / LOCK}
    others = []
    for place in sorted(folder.iterdir()):
        if any(place in file.parents for file in own):
            others += [inner for inner in sorted(place.iterdir()) if inner not in own]
        elif place not in own:
            others.append(place)
    return others
