"""What a user should know of data before they are trained on or judged."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from pellucid.audit.duplicates import NO_ROWS, Leak, held_out_copies, leaks, near_leaks
from pellucid.audit.findings import Group
from pellucid.data.dataset import DataSplits
from pellucid.data.listing import rejected_of
from pellucid.sections.data import class_counts
from pellucid.text import printable
from pellucid.trained.splits import held_out
from pellucid.words import counted, some

# Images, and their values (height x width x channels), among which a training seeks near duplicates: 2 s at most.
MOST_COMPARED, MOST_VALUES = 5_000, 100_000_000


def reading_notes(splits: DataSplits) -> list[str]:
    """How data were read: what the reader noted, and which files are left out."""
    notes = [f"{splits.name}: {note}" for note in splits.notes]
    if splits.rejected:
        count = len(splits.rejected)
        are = "is" if count == 1 else "are"
        notes.append(f"{splits.name}: {counted(count, 'file')} {are} not used: {rejected_of(splits.rejected)}")
    return [printable(note) for note in notes]


def data_notes(splits: DataSplits) -> list[str]:
    """How data were read, which splits lack a class, and which images stand in the training and the test split."""
    notes = []
    for split, counts in class_counts(splits).items():
        if any(note.startswith(f"the {split} split has no image of") for note in splits.notes):
            continue  # said already, with the reason
        if absent := [name for name, count in zip(splits.class_names, counts, strict=True) if not count]:
            what = "training" if split == "train" else split
            notes.append(f"{splits.name}: there is no {what} image of {some(absent)}")
    if splits.has_test and (groups := leaks(splits)):
        stand = f"{counted(len(groups), 'image')} {'stands' if len(groups) == 1 else 'stand'}"
        notes.append(f"{splits.name}: {stand} in both the training and the test split: {_places(groups, splits)}")
    return [*reading_notes(splits), *(printable(note) for note in notes)]


def parted_notes(splits: DataSplits, share: float | None, seed: int) -> list[str]:
    """Which images that judge a training look like images that it is trained on, or that none were sought.

    Args:
        splits: The data.
        share: Part of the training images that is held out for validation, where the data bring no such split.
        seed: The seed of the training.

    Raises:
        DataError: No class has images for both sides.
    """
    images = sum(len(split) for split in (splits.train, splits.validation, splits.has_test and splits.test) if split)
    values = images * math.prod(splits.train.input_shape)
    few = images <= MOST_COMPARED and values <= MOST_VALUES
    if not few and splits.reading is None:
        return []  # a published data set, which others have looked through
    held = held_out(splits, share, seed)
    validation = held["validation"].rows if splits.validation is None and "validation" in held else NO_ROWS
    notes = _leak_notes(splits, held_out_copies(splits.train, validation), "are equal")
    if few:
        notes += _leak_notes(splits, near_leaks(splits, validation), "look alike")
    elif images > len(splits.train) or len(validation):
        most = f"{MOST_COMPARED:,} images of together {MOST_VALUES:,} values"
        rule = f"held-out images that look like training images are sought among at most {most}"
        notes.append(f"{rule}; these are {images:,} of {values:,}. To seek them: {_audit_of(splits)}")
    return [printable(f"{splits.name}: {note}") for note in notes]


def _leak_notes(splits: DataSplits, leaks: Sequence[Leak], how: str) -> list[str]:
    """A note for each split that has images which are like those that are trained on, with what to do."""
    notes = []
    for split in ("validation", "test"):
        found = [leak for leak in leaks if leak.split == split]
        if not found:
            continue
        stand = f"{counted(len(found), 'group')} of images that {how} {'stands' if len(found) == 1 else 'stand'}"
        places = "; ".join(f"{leak.trained.place} and {leak.judging.place}" for leak in found[:3])
        where = f"in both the training and the {split} split"
        if split == "validation" and splits.validation is None:
            where = "among both the images that are trained on and those that are held out of them for validation"
        notes.append(f"{stand} {where}: {places}. The {split} accuracy will flatter. See: {_audit_of(splits)}")
    if notes:
        clean = f"pellucid data clean {shlex.quote(splits.location)} --drop duplicates --out FOLDER"
        notes[-1] += f". To keep one of each: {clean}; or name what belongs together in a table's column group"
    return notes


def _places(groups: Sequence[Group], splits: DataSplits) -> str:
    """The first few groups by an image of each split, and what follows from them."""
    places = "; ".join(" and ".join(member.place for member in group.telling(2)) for group in groups[:3])
    return f"{places}. The test accuracy will flatter. See: {_audit_of(splits)}"


def _audit_of(splits: DataSplits) -> str:
    return f"pellucid data audit {shlex.quote(splits.location)}"
