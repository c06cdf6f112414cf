"""Images that are still files: where each lies, and what is said of it."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.data.dataset import Rejected
from pellucid.errors import DataError

MAX_FILE_BYTES = 256 << 20
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


@dataclass(frozen=True)
class Content:
    """The bytes of a file, wherever it lies.

    Attributes:
        path: The file, or the archive that holds it.
        member: Its name in the archive; None for a file of its own.
        raw: The bytes themselves, where a table holds them.
    """

    path: Path
    member: str | None = None
    raw: bytes | None = None

    def read(self) -> bytes:
        """The bytes.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is larger than any image should be, or the archive is damaged.
        """
        if self.raw is not None:
            return self.raw
        if self.member is None:
            if self.path.stat().st_size > MAX_FILE_BYTES:
                raise ValueError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB")
            return self.path.read_bytes()
        return _read_member(self.path, self.member)


@dataclass(frozen=True)
class Entry:
    """One image of a listing.

    Attributes:
        source: What it is called in messages.
        content: Where its bytes are.
        label: Its class.
        split: train, validation, test, or None where nothing is said.
        group: What it belongs to, or None.
    """

    source: str
    content: Content
    label: str
    split: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Listing:
    """Images with labels, before they are decoded.

    Attributes:
        name: What the data set is called.
        entries: The images.
        rejected: What could not be listed.
    """

    name: str
    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in natural order: 2 before 10.

        Raises:
            DataError: There are none or only one, or two differ by case alone.
        """
        names = sorted({entry.label for entry in self.entries}, key=natural_order)
        by_case: dict[str, str] = {}
        for name in names:
            if (other := by_case.setdefault(name.casefold(), name)) != name:
                raise DataError(f"{self.name}: the classes {other!r} and {name!r} differ by case alone. Rename one.")
        if len(names) < 2:
            found = f"only {names[0]!r}" if names else "none"
            hint = "Put each class's images in a folder of its own, or name the label column."
            raise DataError(f"{self.name}: at least 2 classes are needed; received {found}. {hint}")
        return tuple(names)


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which numbers in names are sorted as numbers."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part], name


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


def _read_member(archive: Path, member: str) -> bytes:
    with zipfile.ZipFile(archive) as opened, opened.open(member) as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise ValueError(f"the file is larger than {MAX_FILE_BYTES >> 20} MiB")
    return raw


def members_of(archive: Path) -> tuple[list[tuple[str, Content]], list[Rejected]]:
    """The files of a zip or tar archive. Nothing is unpacked to disk.

    Members whose names lead out of the archive (absolute, ``..``), links and devices are rejected. A tar archive is
    read whole, since it cannot be read out of order; its files may have ten times its size and `MAX_FILE_BYTES`.

    Raises:
        DataError: The archive is damaged, or unpacks to more than it may.
    """
    try:
        if zipfile.is_zipfile(archive):
            return _zip_members(archive)
        return _tar_members(archive)
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, ValueError) as error:
        raise DataError(f"{archive}: the archive cannot be read ({error}).") from None


def _zip_members(archive: Path) -> tuple[list[tuple[str, Content]], list[Rejected]]:
    found, rejected = [], []
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if info.is_dir():
                continue
            is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
            if reason := _unsafe(info.filename, is_link):
                rejected.append(Rejected(f"{archive}/{info.filename}", reason))
            elif info.flag_bits & 1:
                rejected.append(Rejected(f"{archive}/{info.filename}", "it is encrypted"))
            else:
                found.append((info.filename, Content(archive, info.filename)))
    return found, rejected


def _tar_members(archive: Path) -> tuple[list[tuple[str, Content]], list[Rejected]]:
    found, rejected = [], []
    left = 10 * archive.stat().st_size + MAX_FILE_BYTES
    with tarfile.open(archive) as opened:
        for info in opened:
            if info.isdir():
                continue
            if reason := _unsafe(info.name, not info.isfile()):
                rejected.append(Rejected(f"{archive}/{info.name}", reason))
                continue
            left -= info.size
            if left < 0:
                raise ValueError("it unpacks to more than ten times its size")
            file = opened.extractfile(info)
            found.append((info.name, Content(archive, info.name, file.read() if file else b"")))
    return found, rejected


def _unsafe(name: str, is_link: bool) -> str:
    parts = name.replace("\\", "/").split("/")
    if is_link:
        return "it is a link or no file"
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        return "its name leads out of the archive"
    return ""


def rejected_of(entries: Iterable[Rejected], limit: int = 5) -> str:
    """The first few rejected files as text, and how many more there are."""
    listed: Sequence[Rejected] = list(entries)
    text = "; ".join(f"{entry.source}: {entry.reason}" for entry in listed[:limit])
    return text + (f"; and {len(listed) - limit} more" if len(listed) > limit else "")
