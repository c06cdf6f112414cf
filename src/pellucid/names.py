"""Names of files: paths as users give them; what data call things, made fit for a file; the mark in pictures."""

from __future__ import annotations

import os
import re
from os import PathLike
from pathlib import Path

# Stands in every picture that Pellucid draws, so that it is known as Pellucid's and not taken for the user's.
MARK = "Drawn by Pellucid"
MOST_BYTES = 200  # of the 255 that file systems allow, so that there is room for a number, a time or a suffix


def plain_name(text: str, *, keep: str = "", most: int = MOST_BYTES) -> str:
    """A text as part of a file's name: it leads nowhere, is not hidden, and no system stumbles over it.

    Args:
        text: Any text, such as a class, a data set, or a path.
        keep: Characters that stay beside letters, digits and the underscore, such as ``.``.
        most: The most bytes that it may take as UTF-8; the rest is cut off.

    Returns:
        The text with one hyphen in place of each run of other characters; a single hyphen when nothing is left.
    """
    plain = re.sub(rf"[^\w{re.escape(keep)}]+", "-", text)
    cut = plain.strip("-").lstrip(".-").encode()[:most].decode(errors="ignore")
    return cut or "-"


def with_home(argument: str) -> str:
    """An argument of the command line with the home folder in place of ``~``, after ``--option=`` too.

    Shells put it there only where the path stands alone.
    """
    option, equals, path = argument.partition("=") if argument.startswith("-") else ("", "", argument)
    return f"{option}{equals}{user_path(path)}" if path.startswith("~") else argument


def user_path(path: str | PathLike[str]) -> Path:
    """A path that a user gives, with the home folder in place of ``~``."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser fails on the name of a stranger
