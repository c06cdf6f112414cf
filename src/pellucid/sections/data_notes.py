"""What a user should know of data before they are trained on or judged."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pellucid.audit.duplicates import leaks, near_leaks
from pellucid.audit.findings import Group
from pellucid.data.dataset import DataSplits
from pellucid.data.listing import rejected_of
from pellucid.sections.data import class_counts
from pellucid.text import printable
from pellucid.words import counted, some

MOST_COMPARED = 5000  # images among which a training seeks near duplicates: about a second of work


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


def near_notes(splits: DataSplits) -> list[str]:
    """Which images of the test split look like training images, or that none were sought."""
    if not splits.has_test:
        return []
    images = len(splits.train) + len(splits.test)
    if images <= MOST_COMPARED:
        groups = near_leaks(splits)
        stand = f"{counted(len(groups), 'group')} of images that look alike {'stands' if len(groups) == 1 else 'stand'}"
        places = f"{stand} in both the training and the test split: {_places(groups, splits)}"
        return [printable(f"{splits.name}: {places}")] if groups else []
    if splits.reading is None:  # a published data set, which others have looked through
        return []
    rule = f"images of the test split that look like training images are sought among at most {MOST_COMPARED:,} images"
    return [printable(f"{splits.name}: {rule}; these are {images:,}. To seek them: {_audit_of(splits)}")]


def _places(groups: Sequence[Group], splits: DataSplits) -> str:
    """The first few groups by an image of each split, and what follows from them."""
    places = "; ".join(" and ".join(member.place for member in group.telling(2)) for group in groups[:3])
    return f"{places}. The test accuracy will flatter. See: {_audit_of(splits)}"


def _audit_of(splits: DataSplits) -> str:
    return f"pellucid data audit {shlex.quote(splits.location)}"
