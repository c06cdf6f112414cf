"""The files of a folder or of an archive, by the folders that they lie in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pellucid.data.archives import members_of
from pellucid.data.formats import is_image
from pellucid.data.listing import Content
from pellucid.data.rejected import Rejected

OWN = {"run.json", "study.json"}  # what a folder of Pellucid's own holds
SYSTEMS = ("/proc", "/sys", "/dev/fd")  # not /dev, below which a disk in memory may lie
Parts = tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """What lies in a folder or an archive. Hidden files and Pellucid's own runs and studies are left out.

    Attributes:
        name: What the data set is called.
        where: The folder or archive.
        files: Each file's folders below it and its name, and its bytes; in the order of their names.
        folders: All folders below it.
        rejected: What could not be listed.
    """

    name: str
    where: Path
    files: tuple[tuple[Parts, Content], ...]
    folders: frozenset[Parts]
    rejected: tuple[Rejected, ...]

    @cached_property
    def images(self) -> tuple[tuple[Parts, Content], ...]:
        """The files that are images by their names."""
        return tuple(file for file in self.files if is_image(file[0][-1]))

    def source(self, parts: Parts) -> str:
        """What a file is called in messages."""
        return f"{self.where}/{'/'.join(parts)}"


def tree_of(place: Path) -> Tree:
    """What lies in a folder or an archive.

    Raises:
        DataError: The archive is damaged or not to be trusted.
    """
    return folder_tree(place) if place.is_dir() else archive_tree(place)


def folder_tree(folder: Path) -> Tree:
    """What lies in a folder; links are followed once."""
    files: list[tuple[Parts, Content]] = []
    folders: set[Parts] = set()
    rejected: list[Rejected] = []
    for inner, names in walked(folder, rejected.append):
        if names is None:
            folders -= set(_above(inner))  # what holds runs alone is no folder of the data
        else:
            folders.add(inner)
            files += [((*inner, name), Content(str(folder.joinpath(*inner, name)))) for name in names]
    return Tree(folder.resolve().name, folder, tuple(files), _all_folders(files, folders), tuple(rejected))


def walked(
    folder: Path, reject: Callable[[Rejected], None], order: Callable[[str], Any] = str
) -> Iterator[tuple[Parts, list[str] | None]]:
    """A folder and those below it, one after another; links are followed once.

    Args:
        folder: Where to begin.
        reject: Told of each folder that cannot be read.
        order: A key by which names are sorted.

    Yields:
        Where a folder lies below the first one, and the names of its files but for hidden ones; None in their place for
        a run or study of Pellucid's own.
    """
    seen: set[str] = set()

    def on_error(error: OSError) -> None:
        reject(Rejected(str(error.filename), f"the folder cannot be read ({error.strerror})"))

    for place, below, names in os.walk(folder, followlinks=True, onerror=on_error):
        real = os.path.realpath(place)
        inner = Path(place).relative_to(folder).parts
        if _is_systems(real):
            reject(Rejected(place, "what the system shows there are no files"))
            below.clear()
        elif real in seen:
            reject(Rejected(place, "a symbolic link leads to a folder that was read already"))
            below.clear()
        elif OWN & set(names):
            below.clear()
            yield inner, None
        else:
            below[:] = sorted((name for name in below if not is_hidden((name,))), key=order)
            yield inner, sorted((name for name in names if not is_hidden((name,))), key=order)
        seen.add(real)


def _is_systems(folder: str) -> bool:
    """Whether a folder shows processes and devices, and everything else once more, without end."""
    return any(folder == place or folder.startswith(f"{place}/") for place in SYSTEMS)


def archive_tree(archive: Path) -> Tree:
    """What lies in a zip or tar archive.

    Raises:
        DataError: The archive is damaged or not to be trusted.
    """
    members, empty, rejected = members_of(archive)
    members.sort(key=lambda member: member[0])
    named = [(parts, content) for name, content in members if not is_hidden(parts := _parts(name)) and parts]
    own = {parts[:-1] for parts, _ in named if parts[-1] in OWN}
    files = [file for file in named if not (own and own & set(_above(file[0])))]
    folders = [parts for name in empty if not is_hidden(parts := _parts(name))]
    name = archive.name.split(".")[0]
    return Tree(name, archive, tuple(files), _all_folders(files, folders), tuple(rejected))


def _parts(name: str) -> Parts:
    return tuple(part for part in name.split("/") if part not in {"", "."})


def is_hidden(parts: Iterable[str]) -> bool:
    """Whether a file is one that systems put beside the user's own."""
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _all_folders(files: Iterable[tuple[Parts, Content]], others: Iterable[Parts]) -> frozenset[Parts]:
    """Folders, and those that files lie in, with all folders above them."""
    inner = {parts[:-1] for parts, _ in files} | set(others)
    return frozenset(above for folder in inner for above in _above(folder))


def _above(parts: Parts) -> list[Parts]:
    """A folder and all above it."""
    return [parts[:end] for end in range(len(parts) + 1)]
