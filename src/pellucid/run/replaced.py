"""An older run that gives way to a new one in the same folder, where all that is the user's stays as it is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pellucid.errors import RunError
from pellucid.run.contents import RECORD, others_files, own_files
from pellucid.run.files import flush_folder, write_file
from pellucid.untrusted import read


class Replaced:
    """The files of an older run, which lie in a folder beside it until the new run is whole.

    That folder, NAME-before-1 or the like, can be seen: if the process is killed the older run is found there.

    Attributes:
        folder: The folder of both runs.
        place: Where the older run lies.
        files: The older run's files, as paths from the folder.
        kept: The files and folders of the user that stay in the folder.
    """

    def __init__(self, folder: Path) -> None:
        real = folder.resolve()
        self.folder = folder
        self.place = free_place(real)
        files = [path.relative_to(folder) for path in own_files(folder)]
        self.files = sorted(files, key=lambda file: file.name == RECORD)  # the record last: all is then there
        self.kept = others_files(folder)

    @classmethod
    def set_aside(cls, folder: Path) -> Self:
        """Move the run out of the folder: it is whole in its place before anything is gone from the folder.

        Raises:
            RunError: A folder bears the name of one of the run's files, or the files cannot be moved. Everything is
                then as it was.
        """
        older = cls(folder)
        for file in older.files:
            if (folder / file).is_dir():
                raise RunError(f"{folder / file} is a folder, where a run has a file. Move it away; nothing was done.")
        older._lay(_link, "cannot be moved aside")
        try:
            for file in older.files:
                (folder / file).unlink()
            for inner in older._inner(folder):
                with contextlib.suppress(OSError):  # the user has something in it
                    inner.rmdir()
        except BaseException as error:
            older.put_back()
            if isinstance(error, OSError):
                raise RunError(f"{folder} cannot be moved aside ({error.strerror or error}).") from None
            raise
        return older

    @classmethod
    def copied(cls, folder: Path) -> Self:
        """Copy the run beside its folder, and leave it where it is too.

        Raises:
            RunError: The run cannot be read, or the copy cannot be written; there is then none.
        """
        older = cls(folder)
        older._lay(_copy, "cannot be kept aside")
        return older

    def _lay(self, take: Callable[[Path, Path], None], complaint: str) -> None:
        """Have all files of the run in its place as well, safe on disk; on an exception there are none.

        Raises:
            RunError: A file cannot be read or written.
        """
        try:
            self.place.mkdir()
            for file in self.files:
                (self.place / file).parent.mkdir(exist_ok=True)
                take(self.folder / file, self.place / file)
            for folder in (*self._inner(self.place), self.place, self.place.parent):
                flush_folder(folder)
        except BaseException as error:
            self.remove()
            if isinstance(error, OSError):
                raise RunError(f"{self.folder} {complaint} ({error.strerror or error}).") from None
            raise

    def put_back(self) -> None:
        """Move the run into its folder again; files whose place is taken meanwhile are kept beside it."""
        for file in self.files:
            with contextlib.suppress(OSError):
                if not os.path.lexists(self.folder / file):
                    (self.folder / file).parent.mkdir(exist_ok=True)
                    (self.place / file).rename(self.folder / file)
                elif (self.folder / file).samefile(self.place / file):  # it has not been removed there yet
                    (self.place / file).unlink()
        self._remove_folders()

    def remove(self) -> None:
        """Remove the run, its record first, so that what a kill leaves is not taken for a run."""
        for file in reversed(self.files):
            with contextlib.suppress(OSError):
                (self.place / file).unlink()
        self._remove_folders()

    def _remove_folders(self) -> None:
        for folder in (*self._inner(self.place), self.place):
            with contextlib.suppress(OSError):  # not empty: somebody put something there
                folder.rmdir()

    def _inner(self, folder: Path) -> set[Path]:
        """The folders in a folder that files of the run lie in."""
        return {folder / file.parent for file in self.files} - {folder}


def _link(file: Path, place: Path) -> None:
    """Have a file in another place too, without room for it; where the file system has no such links, as a copy."""
    try:
        os.link(file, place, follow_symlinks=False)
    except OSError:
        _copy(file, place)


def _copy(file: Path, place: Path) -> None:
    write_file(place, read(file))


def free_place(folder: Path) -> Path:
    """Where what was in a folder can lie while something else takes its place: NAME-before-1 or the like."""
    number = 1
    while os.path.lexists(place := folder.with_name(f"{folder.name}-before-{number}")):
        number += 1
    return place
