"""An older run that gives way to a new one in the same folder, where all that is the user's stays as it is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Self

from pellucid.errors import RunError
from pellucid.run.contents import RECORD, others_files, own_files
from pellucid.run.files import write_file
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
        self.place = _free_place(real)
        self.files = [path.relative_to(folder) for path in own_files(folder)]
        self.kept = others_files(folder)

    @classmethod
    def set_aside(cls, folder: Path) -> Self:
        """Move the run out of the folder.

        Raises:
            RunError: A folder bears the name of one of the run's files, or the files cannot be moved. Everything is
                then as it was.
        """
        older = cls(folder)
        for file in older.files:
            if (folder / file).is_dir():
                raise RunError(f"{folder / file} is a folder, where a run has a file. Move it away; nothing was done.")
        try:
            older.place.mkdir()
        except OSError as error:
            raise RunError(f"{folder} cannot be moved aside ({error.strerror or error}).") from None
        try:
            for file in older.files:
                (older.place / file).parent.mkdir(exist_ok=True)
                (folder / file).rename(older.place / file)
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
        try:
            for file in sorted(older.files, key=lambda file: file.name == RECORD):  # the record last: all is then there
                write_file(older.place / file, read(folder / file), make_folder=True)
        except BaseException as error:
            older.remove()
            if isinstance(error, OSError):
                raise RunError(f"{folder} cannot be kept aside ({error.strerror or error}).") from None
            raise
        return older

    def put_back(self) -> None:
        """Move the run into its folder again; files whose place is taken meanwhile are kept beside it."""
        for file in self.files:
            with contextlib.suppress(OSError):
                if not os.path.lexists(self.folder / file):
                    (self.folder / file).parent.mkdir(exist_ok=True)
                    (self.place / file).rename(self.folder / file)
        self._remove_folders()

    def remove(self) -> None:
        """Remove the run: the new one is whole."""
        for file in self.files:
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


def _free_place(folder: Path) -> Path:
    """Where an older run of this folder can lie."""
    number = 1
    while os.path.lexists(place := folder.with_name(f"{folder.name}-before-{number}")):
        number += 1
    return place
