"""A machine that loses its power at any moment, simulated: what a folder may then hold.

Every operation that changes the folder is noted as it is made, with what was flushed to disk by then. What was not may
be there in part, or not at all; entries of a folder that was not flushed may be as they were at any time since it was.

Source for the kinds of loss: Pillai et al. 2014, "All file systems are not created equal", OSDI.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

File = tuple[int, int]  # its inode, and how often that was used for another before
Entries = dict[str, File]  # by path
Contents = dict[File, bytes]
CUTS = (0.0, 0.01, 0.5, 0.99, 1.0)
CHANGES = ((os, "link"), (os, "replace"), (os, "rename"), (os, "unlink"), (os, "rmdir"), (os, "mkdir"))


@dataclass(frozen=True)
class Moment:
    """A folder between two operations, and how much of it is safe on disk."""

    entries: Entries
    contents: Contents
    flushed: Contents
    earlier: tuple[Entries, ...]


class PowerCut:
    """Notes what is done to a folder, and lays what a power cut may have left of it.

    Args:
        folder: The folder; what is in it at first is safe on disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contents: Contents = {}
        self._there: set[int] = set()
        self._used: dict[int, int] = {}
        self.earlier = [self._look()]
        self.flushed = dict(self.contents)
        self.moments: list[Moment] = []

    def noting(self, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
        """Do some work, noting each operation."""
        with monkeypatch.context() as patched:
            for module, name in CHANGES:
                patched.setattr(module, name, self._noted(getattr(module, name)))
            patched.setattr(os, "fsync", self._flush(os.fsync))
            work()
            self._note()

    def states(self) -> Iterator[dict[str, bytes]]:
        """Every state that a power cut may have left: the files of the folder, each once."""
        seen = set()
        for moment in self.moments:
            for entries in (moment.entries, *moment.earlier):
                for files in self._cut(moment, entries):
                    key = tuple(sorted(files.items()))
                    if key not in seen:
                        seen.add(key)
                        yield files

    def lay(self, files: dict[str, bytes], place: Path) -> Path:
        """Make a folder of such a state."""
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        return place

    def _cut(self, moment: Moment, entries: Entries) -> Iterator[dict[str, bytes]]:
        whole = {name: moment.contents[file] for name, file in entries.items()}
        yield whole
        for name, file in entries.items():
            if moment.flushed.get(file) == whole[name]:
                continue
            written = whole[name]
            for cut in (int(share * len(written)) for share in CUTS):
                yield whole | {name: written[:cut]}
                yield whole | {name: written[:cut] + bytes(len(written) - cut)}

    def _noted(self, operation: Callable[..., object]) -> Callable[..., object]:
        def noted(*arguments: object, **options: object) -> object:
            self._note()
            done = operation(*arguments, **options)
            self.earlier.append(self._look())
            self._note()
            return done

        return noted

    def _flush(self, operation: Callable[[int], None]) -> Callable[[int], None]:
        def flush(descriptor: int) -> None:
            self._note()
            operation(descriptor)
            entries, inode = self._look(), os.fstat(descriptor).st_ino
            files = [file for file in entries.values() if file[0] == inode]
            self.flushed |= {file: self.contents[file] for file in files}
            if not files:  # a folder
                self.earlier = [entries]
            self._note()

        return flush

    def _note(self) -> None:
        self.moments.append(Moment(self._look(), dict(self.contents), dict(self.flushed), tuple(self.earlier)))

    def _look(self) -> Entries:
        """The files that are there now; their contents are kept, of those too that are gone later."""
        places = {place: place.stat().st_ino for place in sorted(self.folder.rglob("*")) if place.is_file()}
        for inode in {*places.values()} - self._there:
            self._used[inode] = self._used.get(inode, -1) + 1
        self._there = {*places.values()}
        entries = {
            place.relative_to(self.folder).as_posix(): (inode, self._used[inode]) for place, inode in places.items()
        }
        self.contents |= {entries[place.relative_to(self.folder).as_posix()]: place.read_bytes() for place in places}
        return entries
