"""Files that anybody may have made: opened only where they are files, read up to a bound, understood up to a depth.

Code that they hold or name is run only when the caller says so.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import BufferedReader
from pathlib import Path
from typing import Any

from pellucid.errors import RunError
from pellucid.machine import memory_bytes

SHARE = 2  # of the machine's memory, a half is for what is read from a file
UNKNOWN = 8 << 30  # taken for the machine's memory where the system does not tell it
NO_FILE = "it is a device, a pipe or the like, and no file"
MOST_TEXT_BYTES = 64 * 2**20  # of a file of settings; those that Pellucid writes have a thousandth of that
# As bytes, where the system has another way, and without waiting for somebody at the other end of a pipe.
AT_ONCE = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


def most_bytes_here() -> int:
    """The memory that what is read from a file may take on this machine, in bytes."""
    return (memory_bytes() or UNKNOWN) // SHARE


def opened(path: Path | str, most_bytes: int | None = None) -> BufferedReader:
    """Open a file for reading.

    Args:
        path: The file.
        most_bytes: How large it may be.

    Raises:
        OSError: It cannot be opened, is too large, or is a device, a pipe or the like, which could be read without
            end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | AT_ONCE)
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    try:
        _require_file(os.fstat(descriptor), most_bytes, str(path))
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def _require_file(state: os.stat_result, most_bytes: int | None, path: str) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, NO_FILE, path)
    if most_bytes is not None and state.st_size > most_bytes:
        raise OSError(errno.EFBIG, f"it may have {most_bytes:,} bytes; it has {state.st_size:,}", path)


def read(path: Path | str, most_bytes: int | None = None) -> bytes:
    """All of a file; see `opened`. Unless it is told, it may be as large as half of the machine's memory.

    Raises:
        OSError: It cannot be read, is too large, or is no file.
    """
    with opened(path, most_bytes_here() if most_bytes is None else most_bytes) as file:
        return file.read()


def read_json(path: Path | str) -> Any:
    """What a JSON file holds.

    Raises:
        OSError: It cannot be read, is too large, or is no file.
        ValueError: It is not JSON in UTF-8, is nested too deeply, or holds a number of thousands of digits.
    """
    return parsed_json(read(path, MOST_TEXT_BYTES).decode("utf-8"))


def parsed_json(text: str) -> Any:
    """What a JSON text holds.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or holds a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


@contextmanager
def trusting(trust: bool = True) -> Iterator[None]:
    """Within this context the code that folders hold or name is run, as before that or if it is trusted now."""
    token = _trusted.set(trust or _trusted.get())
    try:
        yield
    finally:
        _trusted.reset(token)


def trusted() -> bool:
    """Whether the code that folders hold or name is run here."""
    return _trusted.get()


def require_trusted_file(place: Path, what: str) -> None:
    """See that a file that is code, or may hold some, is trusted before it is loaded.

    Args:
        place: The file.
        what: What it would do here, to follow its name.

    Raises:
        RunError: Nobody said that it may.
    """
    if not trusted():
        raise RunError(f"{place} {what}. If you know who made it, give --trust (in Python trust=True).")
