"""The kinds of file that a figure can be written to; matplotlib is not needed to know them."""

from __future__ import annotations

from pathlib import Path

from pellucid.errors import SettingError, unknown

FORMATS = ("png", "svg")


def format_of(path: Path) -> str:
    """The kind of file that a name stands for, ``png`` or ``svg``.

    Raises:
        SettingError: It is neither.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise SettingError([unknown("picture format", path.suffix, [f".{name}" for name in FORMATS])])
    return kind
