"""What an audit found, as plain records."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator

from pellucid.record import Record
from pellucid.words import counted


def _printable(text: Any) -> Any:
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text


HEADINGS = {
    "empty": "nearly empty",
    "dark": "darker than the others",
    "bright": "brighter than the others",
    "blurred": "more blurred than the others",
    "elongated": "of an odd shape",
}

# File names need not be Unicode; what is not is written as an escape.
Text = Annotated[str, BeforeValidator(_printable)]


class Member(Record):
    """One image of a data set.

    Attributes:
        split: train, validation or test.
        index: Which image of the split, from 0.
        label: Its class.
        source: The file or row that it came from; None where images have no names.
    """

    split: str
    index: int
    label: Text
    source: Text | None

    @property
    def place(self) -> str:
        """Where the image stands, in words: its split, number and source."""
        return f"{self.split} {self.index}" + (f", {self.source}" if self.source else "")


class Group(Record):
    """Images that are one and the same, or nearly.

    Attributes:
        members: The images, split by split.
        leak: Whether they stand in more than one split.
        conflict: Whether they stand under more than one label.
    """

    members: tuple[Member, ...]
    leak: bool
    conflict: bool

    @classmethod
    def of(cls, members: Iterable[Member]) -> Group:
        """The group of these images, marked."""
        members = tuple(members)
        return cls(
            members=members,
            leak=len({member.split for member in members}) > 1,
            conflict=len({member.label for member in members}) > 1,
        )

    @property
    def marks(self) -> tuple[str, ...]:
        """What is wrong with the group, in words."""
        wrongs = {"in two splits": self.leak, "under two labels": self.conflict}
        return tuple(words for words, so in wrongs.items() if so)

    def telling(self, number: int) -> tuple[Member, ...]:
        """Some members that stand for all: first one of each split, then one of each label, then further ones."""
        seen: dict[tuple[str, ...], int] = {}
        ranks = []
        for member in self.members:
            kinds = (member.split,), (member.split, member.label)
            ranks.append(tuple(seen.get(kind, 0) for kind in kinds))
            seen |= {kind: seen.get(kind, 0) + 1 for kind in kinds}
        chosen = sorted(range(len(ranks)), key=lambda place: (ranks[place][0] > 0, ranks[place][1], place))[:number]
        return tuple(self.members[place] for place in sorted(chosen))


class Duplicates(Record):
    """All groups of one kind.

    Attributes:
        groups: Those in two splits first, then those under two labels, then the others.
        images: How many images stand in a group.
        leaks: How many groups stand in more than one split.
        conflicts: How many groups stand under more than one label.
    """

    groups: tuple[Group, ...]
    images: int
    leaks: int
    conflicts: int

    @classmethod
    def of(cls, groups: Iterable[Group]) -> Duplicates:
        """The groups of one kind, in order and counted."""
        ordered = tuple(sorted(groups, key=lambda group: (not group.leak, not group.conflict)))
        return cls(
            groups=ordered,
            images=sum(len(group.members) for group in ordered),
            leaks=sum(group.leak for group in ordered),
            conflicts=sum(group.conflict for group in ordered),
        )


class Odd(Record):
    """An image that stands out of its data set.

    Attributes:
        member: The image.
        value: What was measured of it.
    """

    member: Member
    value: float


class Oddities(Record):
    """The images that stand out in one respect.

    Attributes:
        kind: The respect: empty, dark, bright, blurred or elongated.
        measure: What is measured, in words.
        usual: The median of the measure over the data set.
        limit: An image stands out whose measure is below it; of elongated ones, above it.
        images: Those that stand out, the farthest first.
    """

    kind: str
    measure: str
    usual: float
    limit: float
    images: tuple[Odd, ...]

    @property
    def words(self) -> str:
        """The respect as it is said of images."""
        return HEADINGS[self.kind]

    @property
    def heading(self) -> str:
        """The respect as it is said of images, with what was measured."""
        return f"{self.words} ({self.rule})"

    @property
    def rule(self) -> str:
        """What makes an image stand out, in words."""
        side = "above" if self.limit > self.usual else "below"
        return f"{self.measure}: {side} {self.limit:.2f}, usual {self.usual:.2f}"


class ClassCount(Record):
    """How many images a class has.

    Attributes:
        name: The class.
        counts: Its images in each split.
        total: Its images in all of them.
    """

    name: Text
    counts: dict[str, int]
    total: int


class SmallClass(Record):
    """A class with too few images to be trained on and judged.

    Attributes:
        name: The class.
        reason: What is missing.
    """

    name: Text
    reason: Text


class RejectedFile(Record):
    """A file that could not be used.

    Attributes:
        source: The file or row.
        reason: What is wrong with it.
    """

    source: Text
    reason: Text


class Audit(Record):
    """All that was found. Nothing of the data is deleted or changed.

    Attributes:
        data: Name of the data set.
        location: Where it is found again: a name of the catalogue, or a path.
        splits: How many images each split has.
        image_shape: Height, width and channels of every image.
        classes: Counts of each class.
        imbalance: Images of the largest class over those of the smallest in the training split, among classes that
            have any there.
        rejected: Files that could not be used.
        exact: Groups of images with equal pixels.
        near: Groups of images that look alike without being equal all through.
        turned: Groups of images that look alike once they are mirrored, or turned by quarters.
        cropped: Groups of images of which one looks like a part of another; None where they were not sought.
        small_classes: Classes with fewer than 2 images, or with none in a split.
        constant: Images of one single colour.
        odd: Images that stand out of the data set, a list for each respect.
        notes: What the user should know of the reading, and what was not looked for.
    """

    data: Text
    location: Text
    splits: dict[str, int]
    image_shape: tuple[int, int, int]
    classes: tuple[ClassCount, ...]
    imbalance: float
    rejected: tuple[RejectedFile, ...]
    exact: Duplicates
    near: Duplicates
    turned: Duplicates
    cropped: Duplicates | None
    small_classes: tuple[SmallClass, ...]
    constant: tuple[Member, ...]
    odd: tuple[Oddities, ...]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """The data set in a line: its splits, image size and channels."""
        height, width, channels = self.image_shape
        splits = ", ".join(f"{split} {size}" for split, size in self.splits.items())
        return f"{self.data}: {splits} images of {height}x{width} pixels, {counted(channels, 'channel')}"

    @property
    def summary(self) -> tuple[str, ...]:
        """A line for each kind of finding, whether there is one or not."""
        return (
            f"{counted(len(self.rejected), 'file')} not used",
            f"exact duplicates: {_told(self.exact)}",
            f"near duplicates: {_told(self.near)}",
            f"mirrored or turned copies: {_told(self.turned)}",
            f"crops: {_told(self.cropped) if self.cropped else 'not sought'}",
            f"{counted(len(self.small_classes), 'class')} too small to split",
            f"{counted(len(self.constant), 'image')} of one single colour",
            *(f"{counted(len(odd.images), 'image')} {odd.words}" for odd in self.odd if odd.images),
            f"largest class over smallest in train: {self.imbalance:.2f}",
        )

    @property
    def label_hint(self) -> str:
        """What this examination cannot see, and the command that can."""
        command = f"pellucid data audit {shlex.quote(self.location)} --labels RUN"
        return f"Images that look like another class than their own are found by networks like a run's: {command}"


def bad_images(audit: Audit) -> str:
    """The files that could not be used, as CSV: source,reason."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("source", "reason"))
    writer.writerows((file.source, file.reason) for file in audit.rejected)
    return buffer.getvalue()


def _told(duplicates: Duplicates) -> str:
    if not duplicates.groups:
        return "none"
    found = f"{counted(len(duplicates.groups), 'group')} of together {duplicates.images} images"
    return f"{found}; {duplicates.leaks} in two splits, {duplicates.conflicts} under two labels"
