"""Where a training can be gone on with: files in the run's folder, each told from a damaged one by its own name."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from pellucid.errors import RunError
from pellucid.run.contents import CHECKPOINT, CHECKPOINTS, checkpoint_files
from pellucid.run.files import write_file
from pellucid.run.lock import LOCK, locked
from pellucid.untrusted import read

KEPT = 2


class Checkpoints:
    """The last two checkpoints of a run, and the lock of the process that trains it.

    The name of each has the count of updates before it and the digest (SHA-256) of the whole file, as the format
    itself does not notice a flipped bit.

    Attributes:
        run: The run's folder.
        path: The folder within it that they are in.
    """

    def __init__(self, run: Path) -> None:
        self.run, self.path = run, run / CHECKPOINTS

    def __bool__(self) -> bool:
        """Whether there is one, damaged or not."""
        return bool(self._newest_first())

    def write(self, steps: int, content: bytes) -> Path:
        """Write one, and remove all but the last two.

        Args:
            steps: Updates that were made before it.
            content: The whole file.

        Raises:
            RunError: The disk is full or read-only. The older ones are still there.
        """
        place = self.path / f"{steps:08}-{hashlib.sha256(content).hexdigest()}.safetensors"
        write_file(place, content)
        for old in [other for other in self._newest_first() if other != place][KEPT - 1 :]:
            with contextlib.suppress(OSError):
                old.unlink()
        return place

    def latest(self) -> tuple[bytes | None, list[Path]]:
        """The newest one that is whole, if there is any, and those newer ones that are damaged."""
        damaged: list[Path] = []
        for place in self._newest_first():
            with contextlib.suppress(OSError):
                content = b"" if place.is_symlink() else read(place)
                if place.stem.endswith(hashlib.sha256(content).hexdigest()):
                    return content, damaged
            damaged.append(place)
        return None, damaged

    def remove(self) -> None:
        """Remove all of them, and their folder unless somebody put something into it."""
        self.clear()
        with contextlib.suppress(OSError):
            (self.path / LOCK).unlink()
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def clear(self) -> None:
        """Remove all of them, and keep the lock."""
        for place in checkpoint_files(self.run):
            with contextlib.suppress(OSError):
                place.unlink()

    @contextlib.contextmanager
    def locked(self, wait: float = 0.0) -> Iterator[None]:
        """Within this context no other process trains the run. A process that is killed leaves it free.

        Args:
            wait: Seconds to wait for another process.

        Raises:
            RunError: Another one does, or the folder cannot be written.
        """
        if self.path.is_symlink():
            raise RunError(f"{self.path} is a link, and is not followed. Put a folder in its place.")
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path} cannot be made ({error.strerror or error}).") from None
        with locked(self.path, self.run, wait):
            try:
                yield
            finally:
                if not self:
                    self.remove()

    def _newest_first(self) -> list[Path]:
        if self.path.is_symlink():
            return []
        found = [place for place in self.path.glob("*.safetensors") if CHECKPOINT.fullmatch(place.name)]
        return sorted(found, key=lambda place: (int(place.name.split("-")[0]), place.name), reverse=True)
