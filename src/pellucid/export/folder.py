"""The folder of an export: its files, written all at once or not at all, and known again by their digests."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from pellucid.errors import RunError
from pellucid.export.parity import Parity
from pellucid.names import user_path
from pellucid.run.files import require_place, write_file
from pellucid.untrusted import read
from pellucid.words import some

MODEL, LABELS, PARITY, README, PROOF = "model.onnx", "labels.json", "parity.json", "README.md", "proof.safetensors"
FILES = (MODEL, LABELS, PARITY, README, PROOF)
MOST_BYTES = {MODEL: 2**31, LABELS: 64 * 2**20, PARITY: 2**20, PROOF: 256 * 2**20}


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
        raw, place = self._read(PARITY, f"{self.path} is not an export: it has no {PARITY}."), self.path / PARITY
        try:
            return Parity.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise RunError(f"{place} is not of an export of Pellucid's: {where}: {first['msg']}.") from None

    def read(self, name: str, parity: Parity) -> bytes:
        """Read a file that is as it was when the export was proved.

        Raises:
            RunError: It is missing, or has changed since.
        """
        raw, found = (
            self._read(name, f"{self.path} has no {name}, which its {PARITY} tells of."),
            parity.files.get(name),
        )
        digest = hashlib.sha256(raw).hexdigest()
        if digest != found:
            rule = f"{self.path / name} has changed since the export was proved"
            raise RunError(f"{rule}: its SHA-256 is {digest}, and {PARITY} says {found}. Export the run anew.")
        return raw

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
        if others := sorted(place.name for place in self.path.iterdir() if place.name not in FILES):
            raise RunError(f"{self.path} holds what is not the export's ({some(others)}). Move it away first.")

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write the whole folder, in the place of an older export where there is one.

        Raises:
            RunError: Something else stands there, or the disk is full or read-only. Everything is then as it was.
        """
        self.require_free(overwrite=self.path.exists())
        real = self.path.resolve()
        staged, older = (real.with_name(f".pellucid-{secrets.token_hex(6)}.part") for _ in range(2))
        try:
            staged.mkdir(parents=True)
            for name, content in files.items():
                write_file(staged / name, content)
            if real.exists():
                real.rename(older)
            try:
                staged.rename(real)
            except OSError:
                if older.exists():
                    older.rename(real)
                raise
        except OSError as error:
            raise RunError(f"{self.path} cannot be written ({error.strerror or error}).") from None
        finally:
            _clear(staged)
            _clear(older)

    def _read(self, name: str, complaint: str) -> bytes:
        try:
            return read(self.path / name, MOST_BYTES[name])
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(complaint) from None
        except OSError as error:
            raise RunError(f"{self.path / name} cannot be read ({error.strerror or error}).") from None


def _clear(folder: Path) -> None:
    """Remove a folder with the files of an export; it may be there no more."""
    for name in FILES:
        with contextlib.suppress(OSError):
            (folder / name).unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()
