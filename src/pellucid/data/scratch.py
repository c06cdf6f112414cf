"""Folders that appear whole: written beside their place, flushed to disk, then renamed into it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

LOCK = ".pellucid-writes"
FEW = 100  # files that are flushed one by one; beyond, the system flushes all that it has


@contextlib.contextmanager
def scratch_beside(place: Path) -> Iterator[Path]:
    """A folder to write to, hidden beside a place; what is not put there in the end is gone afterwards.

    It is locked meanwhile, so that whoever clears up leaves it alone; see `in_use`.

    Raises:
        OSError: It cannot be made.
    """
    from filelock import FileLock  # not for those who only read

    scratch = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    scratch.mkdir()
    try:
        with FileLock(scratch / LOCK, timeout=0):
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def put(scratch: Path, place: Path) -> None:
    """Rename a scratch folder to its place once it is safe on disk: after a power cut it is whole, or not there.

    Raises:
        OSError: It cannot be written, or something stands in that place.
    """
    flush(scratch)
    scratch.rename(place)
    (place / LOCK).unlink(missing_ok=True)
    _flush(place.parent)


def flush(folder: Path) -> None:
    """Have all in a folder written to disk.

    Raises:
        OSError: The disk is full or fails.
    """
    places = sorted(place for place in folder.rglob("*") if not place.is_symlink() and place.name != LOCK)
    if len(places) > FEW and hasattr(os, "sync"):
        os.sync()
        return
    for place in (*places, folder):
        _flush(place)


def in_use(scratch: Path) -> bool:
    """Whether a process writes to a scratch folder; one that was killed does not."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(scratch / LOCK, timeout=0):
            return False
    except Timeout:
        return True


def _flush(place: Path) -> None:
    if place.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(place, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
