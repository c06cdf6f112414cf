"""What the folders of runs and of studies have in common: a record in JSON beside files that are written whole."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

from pydantic import ValidationError

from pellucid.errors import PellucidError, RunError
from pellucid.names import user_path
from pellucid.record import Record
from pellucid.run.files import write_file
from pellucid.run.lock import locked
from pellucid.untrusted import read

MOST_RECORD_BYTES = 64 * 2**20  # a record of a thousand classes has a thousandth of that
AnyRecord = TypeVar("AnyRecord", bound=Record)


def parsed(record_type: type[AnyRecord], raw: bytes, complaint: str) -> AnyRecord:
    """A record from its JSON.

    Args:
        record_type: The kind of record that the text is to hold.
        raw: The JSON text.
        complaint: What is said when the text holds something else; the first fault follows.

    Raises:
        RunError: The text holds something else.
    """
    try:
        return record_type.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise RunError(f"{complaint}: {where}: {first['msg']}.") from None
    except PellucidError as error:
        raise RunError(f"{complaint}: {error}") from None


class RecordFolder(Generic[AnyRecord]):
    """A folder that a record makes what it is. Each file is written atomically.

    Attributes:
        path: The folder.
        kind: What such a folder is called.
        record_name: The file that tells it from other folders.
        record_type: What that file holds; it has ``started``, a UTC time.
        if_taken: What to do when there is something in its place already.
        if_none: What is said where there is not one of them; ``{runs}`` is where was looked.
    """

    kind: ClassVar[str]
    record_name: ClassVar[str]
    record_type: type[AnyRecord]
    if_taken: ClassVar[str]
    if_none: ClassVar[str]

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = user_path(path)

    def __fspath__(self) -> str:
        return str(self.path)

    @classmethod
    def make(cls, path: Path, *, numbered: bool = False) -> Self:
        """Make the folder, with those above it.

        Args:
            path: The place of the folder; nothing may stand there.
            numbered: Where something stands there, take the next name that is free: NAME-2, NAME-3, …. Of several
                processes that want one name at once, each gets a folder of its own.

        Raises:
            RunError: Something stands in that place, or the folder cannot be made.
        """
        path = user_path(path)
        place, number = path, 1
        while True:
            try:
                place.mkdir(parents=True)
            except FileExistsError as error:
                if not os.path.lexists(place):  # a folder above it is none
                    raise RunError(f"{place} cannot be made ({error.strerror}).") from None
                if not numbered:
                    raise RunError(f"{path} exists already. {cls.if_taken.format(path=path)}") from None
                number += 1
                place = path.with_name(f"{path.name}-{number}")
            except (OSError, ValueError) as error:  # ValueError: a NUL in it
                raise RunError(f"{place} cannot be made ({getattr(error, 'strerror', None) or error}).") from None
            else:
                return cls(place)

    @property
    def is_ready(self) -> bool:
        """Whether the folder holds what others come for."""
        return True

    def place(self, name: str) -> Path:
        """Where a file of the folder lies, which may stand in a folder within it.

        Raises:
            RunError: The name, or a link in its place, leads out of the folder.
        """
        place = self.path / name
        try:
            inside = place.resolve().is_relative_to(self.path.resolve())
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle; ValueError: a NUL
            raise RunError(f"{place} cannot be read ({getattr(error, 'strerror', None) or error}).") from None
        if not inside:
            rule = f"{place} leads out of the {self.kind}, and is not followed"
            raise RunError(f"{rule}. Put the file itself, or the folder, in its place.")
        return place

    def write(self, name: str, content: bytes | str) -> Path:
        """Write one file; a link in its place is replaced, and not followed.

        Raises:
            RunError: The disk is full or read-only, or the name leads out of the folder.
        """
        path = self.place(str(Path(name).parent)) / Path(name).name
        write_file(path, content)
        return path

    def read_bytes(self, name: str, most_bytes: int | None = None) -> bytes:
        """Read one file.

        Raises:
            RunError: The file is missing, is larger than it may be, cannot be read, or leads out of the folder.
        """
        try:
            return read(self.place(name), most_bytes)
        except FileNotFoundError:
            raise RunError(f"{self.path} has no {name}. A {self.kind} that was done to its end has one.") from None
        except OSError as error:
            raise RunError(f"{self.path / name} cannot be read ({error.strerror or error}).") from None

    def write_record(self, record: AnyRecord) -> None:
        """Write the record."""
        self.write(self.record_name, record.model_dump_json(indent=2) + "\n")

    def read_record(self) -> AnyRecord:
        """Read the record.

        Raises:
            RunError: The record is missing, truncated, or not what Pellucid writes.
        """
        place = self.path / self.record_name
        if not place.exists():
            raise self.not_one()
        raw = self.read_bytes(self.record_name, MOST_RECORD_BYTES)
        return parsed(self.record_type, raw, f"{place} is not a {self.kind} of Pellucid's")

    def not_one(self) -> RunError:
        """What is said of a folder without the record."""
        return RunError(f"{self.path} is not a {self.kind}: it has no {self.record_name}.")

    def locked(self) -> AbstractContextManager[None]:
        """Within this context no other process works on the folder. A killed process leaves it free.

        Raises:
            RunError: Another one does, or the folder cannot be written.
        """
        return locked(self.path, self.path)
