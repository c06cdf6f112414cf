"""One process at a time: a lock on a file, which the system lets go when a process ends, however it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pellucid.errors import RunError

LOCK = ".lock"


@contextlib.contextmanager
def locked(folder: Path, what: Path, wait: float = 0.0) -> Iterator[None]:
    """Within this context no other process has the lock.

    Args:
        folder: The folder that the lock's file lies in; it must exist.
        what: What is worked on, as a message names it.
        wait: Seconds to wait for another process.

    Raises:
        RunError: Another process has the lock, or its file cannot be written.
    """
    from filelock import FileLock, Timeout  # most commands need none

    lock = FileLock(folder / LOCK)
    if (folder / LOCK).is_symlink():  # else the file that it leads to would be emptied
        raise RunError(f"{what} cannot be locked ({folder / LOCK} is a link, and is not followed).")
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise RunError(f"Another process is working on {what}. Wait for it, or end it first.") from None
    except OSError as error:
        raise RunError(f"{what} cannot be locked ({error.strerror or error}).") from None
    try:
        yield
    finally:
        lock.release()
