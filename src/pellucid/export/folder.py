"""The folder of an export: its files, written all at once or not at all, and known again by their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.data.scratch import LOCK, flush, put, scratch_beside
from pellucid.errors import RunError
from pellucid.export.formats.table import FORMATS
from pellucid.export.interface import MODEL
from pellucid.names import user_path
from pellucid.run.files import require_place
from pellucid.run.replaced import free_place
from pellucid.untrusted import parsed_json, read
from pellucid.words import some

if TYPE_CHECKING:
    from pellucid.export.parity import Parity
else:
    Parity = Any  # by pydantic, for which an answer does not wait

LABELS, PARITY, README, PROOF = "labels.json", "parity.json", "README.md", "proof.safetensors"
DOUBT = "doubt.safetensors"
FILES = {LABELS, PARITY, README, PROOF, DOUBT}.union(*(entry.files + entry.asked_for for entry in FORMATS.values()))
MOST_MODEL_BYTES = 2**31
MOST_BYTES = {LABELS: 64 * 2**20, PARITY: 2**20, PROOF: 256 * 2**20, DOUBT: 256 * 2**20}


class ExportFolder:
    """An export on disk.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = user_path(path)

    def read_parity(self) -> Parity:
        """Read parity.json.

        Raises:
            RunError: It is missing, or not what Pellucid writes.
        """
        from pydantic import ValidationError

        from pellucid.export.parity import Parity

        raw, place = self._read_parity(), self.path / PARITY
        try:
            return Parity.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise RunError(f"{place} is not of an export of Pellucid's: {where}: {first['msg']}.") from None

    @property
    def has_parity(self) -> bool:
        """Whether there is anything that says what was proved."""
        return os.path.lexists(self.path / PARITY)

    def read_digests(self) -> dict[str, str]:
        """The SHA-256 of each file when the export was proved, by its name, as parity.json says them.

        Raises:
            RunError: parity.json is missing, or not what Pellucid writes.
        """
        try:
            files = parsed_json(self._read_parity().decode())["files"]
            return {str(name): str(digest) for name, digest in files.items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise RunError(f"{self.path / PARITY} is not of an export of Pellucid's: it names no files.") from None

    def read(self, name: str, digests: Mapping[str, str] | None) -> bytes:
        """Read a file that is as it was when the export was proved.

        Args:
            name: Of the file.
            digests: As `read_digests` gives them; None where nothing was proved. A model may have another name.

        Raises:
            RunError: It is missing, or has changed since.
        """
        tells = "" if digests is None else f", which its {PARITY} tells of"
        raw = self._read(name, f"{self.path} has no {name}{tells}.")
        if digests is None:
            return raw
        digest, found = hashlib.sha256(raw).hexdigest(), digests.get(name) or digests.get(MODEL)
        if digest != found:
            rule = f"{self.path / name} has changed since the export was proved"
            raise RunError(f"{rule}: its SHA-256 is {digest}, and {PARITY} says {found}. Export the run anew.")
        return raw

    def require_unchanged(self, digests: Mapping[str, str]) -> None:
        """See that all files are as they were when the export was proved.

        Args:
            digests: As `read_digests` gives them.

        Raises:
            RunError: One is missing, has changed since, or is none that lies in the folder.
        """
        for name in digests:
            if Path(name).name != name:
                raise RunError(f"{self.path / PARITY} is not of an export of Pellucid's: it names {name!r} as a file.")
            self.read(name, digests)

    def require_free(self, *, overwrite: bool) -> None:
        """See that an export can be written here, before any work is done.

        Raises:
            RunError: Something else stands here, or nothing can be written.
        """
        if not os.path.lexists(self.path):
            require_place(self.path)
            return
        if not overwrite:
            remedy = "Choose another --out, or give --overwrite to replace an export."
            raise RunError(f"{self.path} exists already. {remedy}")
        try:
            self.read_parity()
        except RunError as error:
            raise RunError(f"{error} Only an export is replaced; choose another --out.") from None
        if others := sorted(place.name for place in self.path.iterdir() if place.name not in {*FILES, LOCK}):
            raise RunError(f"{self.path} holds what is not the export's ({some(others)}). Move it away first.")

    def write(self, files: Mapping[str, bytes], *, overwrite: bool = False) -> None:
        """Write the whole folder.

        With `overwrite` it takes the place of an older export where there is one. That is moved aside, to NAME-before-1
        or the like, until the new one is safe on disk: if the process is killed just then, it is found there.

        Raises:
            RunError: Something else stands there, or the disk is full or read-only. Everything is then as it was.
        """
        self.require_free(overwrite=overwrite)
        real = self.path.resolve()
        try:
            real.parent.mkdir(parents=True, exist_ok=True)
            with scratch_beside(real) as scratch:
                for name, content in files.items():
                    (scratch / name).write_bytes(content)
                flush(scratch)
                if overwrite:
                    _put_over(scratch, real)
                else:
                    put(scratch, real)
        except OSError as error:
            if not overwrite and os.path.lexists(self.path):  # another process was faster
                self.require_free(overwrite=False)
            raise RunError(f"{self.path} cannot be written ({error.strerror or error}).") from None

    def _read_parity(self) -> bytes:
        return self._read(PARITY, f"{self.path} is not an export: it has no {PARITY}.")

    def _read(self, name: str, complaint: str) -> bytes:
        try:
            return read(self.path / name, MOST_BYTES.get(name, MOST_MODEL_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(complaint) from None
        except OSError as error:
            raise RunError(f"{self.path / name} cannot be read ({error.strerror or error}).") from None


def _put_over(scratch: Path, place: Path) -> None:
    """Have a folder take a place, from which an older export is moved aside until this one is safe on disk."""
    older = free_place(place)
    if place.exists():
        place.rename(older)
    try:
        put(scratch, place)
    except OSError:
        if older.exists() and not place.exists():
            older.rename(place)
        raise
    _clear(older)


def _clear(folder: Path) -> None:
    """Remove a folder with the files of an export; it may be there no more."""
    for name in (*FILES, LOCK):
        with contextlib.suppress(OSError):
            (folder / name).unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()
