"""Folders that appear whole: written beside their place, flushed to disk, then renamed into it.

What a killed process leaves of one is removed by the next one that writes to the same place.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK = ".pellucid-writes"
NAME = re.compile(r"\..+\.[0-9a-f]{8}")
FEW = 100  # files that are flushed one by one; beyond, the system flushes all that it has


@contextlib.contextmanager
def scratch_beside(place: Path) -> Iterator[Path]:
    """A folder to write to, hidden beside a place; what is not put there in the end is gone afterwards.

    It is locked meanwhile, so that whoever clears up leaves it alone; see `unused`. What killed processes left of such
    folders beside the same place is removed.

    Raises:
        OSError: It cannot be made.
    """
    _clear_up(place)
    scratch, lock = _locked_beside(place)
    try:
        yield scratch
    finally:
        lock.release()
        shutil.rmtree(scratch, ignore_errors=True)


def _clear_up(place: Path) -> None:
    """Remove the folders beside a place that were to be put there, and that nobody writes to any more."""
    for scratch in place.parent.glob(f".{glob.escape(place.name)}.*"):
        if NAME.fullmatch(scratch.name) and not scratch.is_symlink() and (scratch / LOCK).is_file():
            with contextlib.suppress(OSError), unused(scratch) as free:
                if free:
                    shutil.rmtree(scratch, ignore_errors=True)


def _locked_beside(place: Path) -> tuple[Path, BaseFileLock]:
    """A new folder and its lock; another one where somebody clears up who found the folder before it was locked."""
    from filelock import FileLock, Timeout  # not for those who only read

    while True:
        scratch = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        scratch.mkdir()
        lock = FileLock(scratch / LOCK, timeout=0)
        try:
            lock.acquire()
        except (Timeout, FileExistsError, FileNotFoundError):
            with contextlib.suppress(OSError):
                scratch.rmdir()
            continue
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        if (scratch / LOCK).exists():
            return scratch, lock
        lock.release()  # the folder was cleared up just before it was locked


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


@contextlib.contextmanager
def unused(scratch: Path) -> Iterator[bool]:
    """Whether no process writes to a scratch folder; a killed one does not. Within the context none begins to."""
    from filelock import FileLock, Timeout

    lock = FileLock(scratch / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _flush(place: Path) -> None:
    if place.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(place, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
