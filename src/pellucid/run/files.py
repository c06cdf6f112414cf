"""Atomic files: written beside their place, flushed to disk, then renamed into it; and whose a picture is."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pellucid.errors import RunError
from pellucid.names import MARK
from pellucid.untrusted import opened

DRAWN, NUMBERS = {".png", ".svg", ".gif", ".html"}, ".npz"
HEAD_BYTES = 4096  # of a picture, within which its mark stands


def require_place(path: Path) -> Path:
    """See that a file can be written to a place, so that no work is done in vain; its folder may be missing yet.

    Returns:
        The place itself.

    Raises:
        RunError: A folder is there, or it lies below what is no folder or may not be written to.
    """
    if path.is_dir():
        raise RunError(f"{path} is a folder. Give the name of a file in it.")
    above = next(place for place in path.absolute().parents if os.path.lexists(place))
    if not above.is_dir():
        raise RunError(f"{path} cannot be written, since {above} is no folder. Give another place.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise RunError(f"{path} cannot be written, since nothing may be written to {above}. Give another place.")
    return path


def require_own(file: Path, what: str) -> Path:
    """See that no file of the user's is in a place that was not asked for by name.

    Args:
        file: The place.
        what: What is to be written there.

    Returns:
        The place itself.

    Raises:
        RunError: Something of the user's is there.
    """
    if file.exists() and not bears_mark(file):
        raise RunError(f"{file} is there and is not Pellucid's; {what} would replace it. Choose another --out.")
    return file


def write_file(path: Path, content: bytes | str, *, make_folder: bool = False) -> None:
    """Write a whole file or leave what was there: nobody ever sees half of it.

    Args:
        path: The file.
        content: All of it; text is written as UTF-8.
        make_folder: Make its folder where that is missing.

    Raises:
        RunError: The disk is full or read-only, or the folder is missing or cannot be made.
    """
    raw = content.encode() if isinstance(content, str) else content
    with replacing(path, make_folder=make_folder) as file:
        file.write(raw)


@contextlib.contextmanager
def replacing(path: Path, *, make_folder: bool = False) -> Iterator[BinaryIO]:
    """A file that is written piece by piece within the context; at its end it takes its place, and else it is gone.

    Args:
        path: The file.
        make_folder: Make its folder where that is missing.

    Raises:
        RunError: The disk is full or read-only, or the folder is missing or cannot be made.
    """
    temporary = ""
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror or error}).") from None
    finally:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()


def bears_mark(path: Path) -> bool:
    """Whether a file is a picture that Pellucid drew, a report, or the numbers behind one, as its mark tells."""
    if path.suffix.lower() not in {*DRAWN, NUMBERS} or path.is_symlink():
        return False
    try:
        with opened(path) as file:
            if path.suffix.lower() == NUMBERS:  # the comment of a zip archive stands at its end
                file.seek(max(0, path.stat().st_size - len(MARK)))
            return MARK.encode() in file.read(HEAD_BYTES)
    except OSError:
        return False


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can open folders."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
