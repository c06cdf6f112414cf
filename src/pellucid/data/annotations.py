"""Text files that say which class each image beside them is of, as ImageNet's validation split has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pellucid.data.archives import DAMAGED
from pellucid.data.listing import SPLIT_NAMES, Content
from pellucid.data.rejected import Rejected
from pellucid.data.trees import Parts, Tree
from pellucid.errors import DataError

NAME = re.compile(rf"({'|'.join(SPLIT_NAMES)})_annotations\.txt", re.IGNORECASE)


@dataclass(frozen=True)
class Annotations:
    """The classes that annotation files give.

    Attributes:
        labels: For each file its folder, its split, and the class of each image by what it is called there.
        files: The annotation files.
        rejected: Lines that name no image with a class.
    """

    labels: tuple[tuple[Parts, str, Mapping[str, str]], ...] = ()
    files: tuple[Parts, ...] = ()
    rejected: tuple[Rejected, ...] = ()

    def label(self, image: Parts, split: str | None) -> str | None:
        """The class of an image; None where no file above it names it.

        Args:
            image: Its folders and its name.
            split: The split that its folders say; files of other splits do not count for it.
        """
        for folder, own, labels in self.labels:
            if image[: len(folder)] == folder and split in {own, None}:
                name = "/".join(image[len(folder) :])
                if label := labels.get(name) or labels.get(image[-1]):
                    return label
        return None


def annotations_of(tree: Tree) -> Annotations:
    """Read the ``val_annotations.txt`` of a tree, and those of other splits.

    Each line is an image's name, its class, and whatever else there is to say of it, parted by tabs or blanks.

    Raises:
        DataError: A file cannot be read.
    """
    labels, files = [], []
    rejected: list[Rejected] = []
    for parts, content in tree.files:
        if named := NAME.fullmatch(parts[-1]):
            found = _read(tree.source(parts), content, rejected)
            labels.append((parts[:-1], SPLIT_NAMES[named[1].lower()], found))
            files.append(parts)
    return Annotations(tuple(labels), tuple(files), tuple(rejected))


def without_images(content: Content, names: Collection[str]) -> bytes:
    """The text of an annotation file without the lines that name these images.

    Raises:
        OSError, ValueError: The file cannot be read, or is no text.
    """
    lines = content.read().decode("utf-8-sig").splitlines(keepends=True)
    return "".join(line for line in lines if _name(_cells(line)) not in names).encode()


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in (line.split("\t") if "\t" in line else line.split())]


def _name(cells: list[str]) -> str:
    """What the image of a line is called."""
    return cells[0].replace("\\", "/") if cells else ""


def _read(where: str, content: Content, rejected: list[Rejected]) -> dict[str, str]:
    try:
        lines = content.read().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        rule = f"the text must be UTF-8; received other bytes at {error.start}"
        raise DataError(f"{where}: {rule}. Save it as UTF-8.") from None
    except DAMAGED as error:
        raise DataError(f"{where}: the annotations cannot be read ({error}).") from None
    labels: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        cells = _cells(line)
        if not line.strip():
            continue
        if len(cells) < 2 or not all(cells[:2]):
            rejected.append(Rejected(f"{where}, line {number}", "not an image's name and its class"))
        elif labels.setdefault(_name(cells), cells[1]) != cells[1]:
            rejected.append(Rejected(f"{where}, line {number}", "another class than in a line above"))
    return labels
