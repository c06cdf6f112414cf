"""What users and their data call things, as it is shown: never taken for markup, nor for orders to a terminal."""

from __future__ import annotations

import unicodedata

STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # categories of characters that are obeyed and not seen
JOINERS = "\u200c\u200d"  # letters of many scripts, and emoji, are not themselves without them
LONG = 60  # columns that a name may take in prose


def printable(text: str, keep: str = "") -> str:
    r"""A text whose control characters, line ends and marks of direction are written out, as in ``\x1b`` or ``\u202e``.

    Args:
        text: Any text, such as the name of a class or of a file.
        keep: Characters that stay as they are, such as a newline between lines.
    """
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if _steers(character) and character not in keep else character
        for character in text
    )


def columns(text: str) -> int:
    """How many columns of a terminal a text takes; letters of East Asian scripts take two."""
    from rich.cells import cell_len

    return cell_len(text)


def shortened(text: str, most: int = LONG) -> str:
    """A printable text without its middle where it is too long, since names often differ at one end only.

    Args:
        text: Any text.
        most: The most columns that it may take.
    """
    shown = printable(text)
    if columns(shown) <= most:
        return shown
    tail = _beginning(shown[::-1], most // 2)[::-1]
    return f"{_beginning(shown, most - 1 - columns(tail))}\u2026{tail}"


def wrapped(text: str, most: int) -> list[str]:
    """A printable text in lines, parted between words; a word that is longer than a line is parted too.

    Args:
        text: Any text.
        most: The most columns of a line.
    """
    from rich.console import Console
    from rich.text import Text

    lines = Text(printable(text)).wrap(Console(width=most), most)
    return [line.plain.rstrip() for line in lines]


def _steers(character: str) -> bool:
    return unicodedata.category(character) in STEERING and character not in JOINERS


def _beginning(text: str, most: int) -> str:
    """As much of a text as fits into so many columns."""
    taken = 0
    for place, character in enumerate(text):
        taken += columns(character)
        if taken > most:
            return text[:place]
    return text
