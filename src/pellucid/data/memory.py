"""How much memory data may take: asked before any of it is taken, whatever the size of the file that asks for it."""

from __future__ import annotations

from pathlib import Path

from pellucid.errors import DataError
from pellucid.untrusted import most_bytes_here


def require_room(path: Path, needed: int, remedy: str = "") -> None:
    """See that there is memory for what a file holds.

    Args:
        path: The file.
        needed: Bytes that it will take.
        remedy: What to do about it.

    Raises:
        DataError: It would take more than half of the machine's memory.
    """
    if needed > (most := most_bytes_here()):
        rule = f"{path}: what is read from a file may take {most >> 20:,} MiB, half of this machine's memory"
        raise DataError(f"{rule}; this would take {needed >> 20:,} MiB. {remedy}".rstrip())
