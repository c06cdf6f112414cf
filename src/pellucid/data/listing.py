"""Images that are still files: where each lies, and what is said of it."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pellucid.data.classes import plain
from pellucid.data.rejected import Rejected, Row
from pellucid.errors import DataError
from pellucid.untrusted import opened

MAX_FILE_BYTES = 64 << 20
WHOLE_NUMBER = re.compile(r"(-?(?:0|[1-9]\d{0,17}))(?:\.0*)?", re.ASCII)
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True)  # there may be millions of them
class Content:
    """The bytes of a file, wherever it lies.

    Attributes:
        path: The file, or the archive that holds it.
        member: Name of the file in the archive; None for a file of its own.
        raw: The bytes themselves, where a table holds them.
    """

    path: str
    member: str | None = None
    raw: bytes | None = None

    @property
    def is_cell(self) -> bool:
        """Whether a cell of a table holds the bytes."""
        return self.raw is not None and self.member is None

    def read(self) -> bytes:
        """The bytes of the file.

        Raises:
            OSError: The file cannot be read.
            ValueError: The file is larger than any image should be, or the archive is damaged.
        """
        if self.raw is not None:
            return self.raw
        if self.member is None:
            with opened(self.path) as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        else:
            state = Path(self.path).stat()
            with _opened(self.path, state.st_size, state.st_mtime_ns).open(self.member) as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            raise ValueError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB")
        return raw


@lru_cache(maxsize=1)
def _opened(path: str, _size: int, _changed: int) -> zipfile.ZipFile:
    """A zip archive, kept open from one image to the next: to open one takes as long as it has members."""
    return zipfile.ZipFile(path)


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of a listing.

    Attributes:
        source: What the image is called in messages.
        content: Where the bytes of its file are.
        label: Its class.
        split: train, validation, test, or None where nothing is said.
        group: The patient, writer or the like that the image belongs to, or None.
        row: Its row in a table; None for what is in no table.
    """

    source: str
    content: Content
    label: str
    split: str | None = None
    group: str | None = None
    row: Row | None = None


@dataclass(frozen=True)
class Listing:
    """Images with labels, before they are decoded.

    Attributes:
        name: What the data set is called.
        entries: The images.
        rejected: What could not be listed.
        notes: What the user should know of how the images were found.
    """

    name: str
    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_test(self) -> bool:
        """Whether the data bring a test split."""
        return any(entry.split == "test" for entry in self.entries)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in natural order: 2 before 10.

        Raises:
            DataError: There are none or only one, or two differ by case alone.
        """
        return classes_of(self.name, {entry.label for entry in self.entries}, self.rejected)


def classes_of(data: str, labels: Iterable[str], rejected: Sequence[Rejected] = ()) -> tuple[str, ...]:
    """The classes of labels in natural order: 2 before 10.

    Args:
        data: What the data set is called.
        labels: All labels.
        rejected: What could not be listed; named where there are too few classes.

    Raises:
        DataError: There are none or only one, or two differ by case alone.
    """
    names = sorted(set(labels), key=natural_order)
    by_case: dict[str, str] = {}
    for name in names:
        if (other := by_case.setdefault(plain(name), name)) != name:
            rule = "differ by case, spaces around them or Unicode form alone"
            raise DataError(f"{data}: the classes {other!r} and {name!r} {rule}. Rename one.")
    if len(names) < 2:
        found = f"only {names[0]!r}" if names else "none"
        hint = "Put each class's images in a folder of its own, or name the label column. "
        hint += r'--label-from "(.*)_\d+" takes cat from the name cat_001.png.'
        because = f" ({rejected_of(rejected)})" if rejected else ""
        raise DataError(f"{data}: at least 2 classes are needed; received {found}{because}. {hint}")
    return tuple(names)


def text_of(value: Any, what: str) -> str:
    """A cell of a table as text, without the spaces around it; empty for what is missing, as null and NaN are.

    Args:
        value: What stands in the cell.
        what: What the cell is to hold.

    Raises:
        ValueError: It is neither a text nor a number.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bytes | list | tuple | dict):
        found = "bytes" if isinstance(value, bytes) else "an object" if isinstance(value, dict) else "a list"
        raise ValueError(f"a {what} must be a text or a number; received {found}")  # noqa: TRY004 - told, as others are
    return str(value).strip()


def one_form(texts: Iterable[str]) -> dict[str, str]:
    """Which text stands for those that are the same whole number in several forms, such as 1 for 1 and 1.0.

    Texts in one form only, such as 1.0 where 1 does not occur, stay as they are.
    """
    forms: dict[int, set[str]] = {}
    for text in set(texts):
        if number := WHOLE_NUMBER.fullmatch(text):
            forms.setdefault(int(number[1]), set()).add(text)
    several = (found for found in forms.values() if len(found) > 1)
    return {text: min(found, key=lambda form: (len(form), form)) for found in several for text in found}


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which numbers in names are sorted as numbers, however long they are."""
    parts = re.split(r"(\d+)", name.casefold())
    digits = [part.lstrip("0") if part.isdecimal() else None for part in parts]
    pairs = zip(parts, digits, strict=True)
    return [(1, 0, part) if number is None else (0, len(number), number) for part, number in pairs if part], name


def split_of(name: str, where: str) -> str | None:
    """The split that a word means; empty means none.

    Raises:
        DataError: The word means no split.
    """
    if not name:
        return None
    if name.lower() not in SPLIT_NAMES:
        raise DataError(f"{where}: a split must be train, validation or test; received {name!r}.")
    return SPLIT_NAMES[name.lower()]


def rejected_of(entries: Iterable[Rejected], limit: int = 5) -> str:
    """The first few rejected files as text, and how many more there are."""
    listed: Sequence[Rejected] = list(entries)
    text = "; ".join(f"{entry.source[-120:]}: {entry.reason[:200]}" for entry in listed[:limit])
    return text + (f"; and {len(listed) - limit} more" if len(listed) > limit else "")
