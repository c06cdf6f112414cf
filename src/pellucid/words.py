"""Numbers and numbers of things as they are told."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from pellucid.language import ENGLISH, spoken, tell

MOST_LETTERS = 80  # of a name among others
NAME_SHOWN = 40  # letters of a name behind a letter that stands for it


def counted(number: int, noun: str, *, separator: str = "") -> str:
    """How many there are of something: ``1 epoch``, ``2 epochs``, ``0 classes``.

    Args:
        number: How many.
        noun: What, in the singular of English; other languages that are spoken here have no plural.
        separator: Stands between thousands, if anything.
    """
    named = noun if number == 1 and spoken() == ENGLISH else plural(noun)
    return tell(f"{{number}} {named}", number=f"{number:{separator}}")  # as in {number} classes


def plural(noun: str) -> str:
    """An English noun of more than one, by the rules that the nouns of this package keep to."""
    if noun.endswith(("s", "x", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def percent(share: float | None, digits: int = 2) -> str:
    """A share as a percentage; a dash when it is not known."""
    return "-" if share is None else f"{share:.{digits}%}"


def number(value: float | None, digits: int = 4) -> str:
    """A number; a dash when it is not known."""
    return "-" if value is None else f"{value:.{digits}f}"


def some(names: Sequence[str], most: int = 10) -> str:
    """The first few of many names, and how many more there are: ``a, b and 5 more``. Long names are cut.

    Args:
        names: What to tell.
        most: How many are told at most.
    """
    told = [name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…" for name in names[:most]]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more:,} more" if more else "")


def size(count: int) -> str:
    """An amount of memory: ``512 bytes``, ``1.5 KiB``, ``12.0 MiB``."""
    if count < 2**10:
        return counted(count, "byte")
    power = 1 if count < 2**20 else 2
    return f"{count / 2 ** (10 * power):,.1f} {('KiB', 'MiB')[power - 1]}"


def titles_of(names: Sequence[str]) -> list[str]:
    """A letter for each contender, and its name, which may be the long text of a network, in short."""
    shown = [name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 3]}..." for name in names]
    letters = [ascii_uppercase[place % 26] * (1 + place // 26) for place in range(len(names))]
    return [f"{letter} ({name})" for letter, name in zip(letters, shown, strict=True)]


def letter_of(title: str) -> str:
    """The letter of a contender's title."""
    return title.partition(" ")[0]
