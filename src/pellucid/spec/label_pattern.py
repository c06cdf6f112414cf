"""A regular expression that finds the class in a file's name, and cannot take for ever."""

from __future__ import annotations

import math
import re
import warnings
from functools import lru_cache
from unicodedata import normalize

from pellucid.errors import DataError, Fault

MOST_LETTERS = 200
MOST_STEPS = 1 << 22  # some hundredths of a second for a name
ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # a letter with a backslash, or a set of letters
GROUP_MARKS = re.compile(r"\(\?(?:P<\w+>|:)")
REPEAT = re.compile(r"\{\d*,\d*\}|[*+]")
LAZY = re.compile(r"([*+?}])[?+]")
REMEDY = 'Use one such as "(.*)_\\d+", for cat_001.jpg.'


def faults_in(pattern: str) -> list[Fault]:
    """What keeps a text from serving as a pattern.

    It must be a regular expression of Python's with one group, the class. A group that is repeated is refused, as the
    time that it can take doubles with each letter.
    """
    if len(pattern) > MOST_LETTERS:
        return [Fault(f"label_from must have at most {MOST_LETTERS} letters", str(len(pattern)))]
    try:
        compiled = _compiled(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return [Fault(f"label_from must be a regular expression ({error})", repr(pattern), REMEDY)]
    if compiled.groups != 1:
        remedy = f"Put the part that is the class in brackets, and others in (?: ). {REMEDY}"
        return [Fault("label_from must have one group, the class", f"{compiled.groups} in {pattern!r}", remedy)]
    plain = _plain(pattern)
    if "(?" in plain:
        return [Fault("label_from may have no groups but (...), (?:...) and (?P<name>...)", repr(pattern), REMEDY)]
    if re.search(r"\)[*+{]", plain):
        return [Fault("label_from may not repeat a group", repr(pattern), "Repeat single letters or sets of them.")]
    return []


def label_in(stem: str, pattern: str) -> str | None:
    """The class that a file's name without its suffix says; None where the pattern does not fit all of it.

    Letters with accents are taken as one character each, in whichever Unicode form both are written.
    """
    found = _compiled(normalize("NFC", pattern)).fullmatch(normalize("NFC", stem))
    return (found[1] or "").strip() or None if found else None


def require_quick(pattern: str, length: int) -> None:
    """See that a pattern of which `faults_in` finds nothing cannot take long for a name.

    There are at most so many ways to fit it as there are to share the letters out over what is repeated, doubled by
    each choice. Where nothing fits, all of them are tried.

    Args:
        pattern: The regular expression.
        length: Letters of the longest name.

    Raises:
        DataError: It could take more than `MOST_STEPS` for such a name.
    """
    plain = _plain(pattern)
    repeats = len(REPEAT.findall(plain))
    choices = len(re.findall(r"[?|]", plain))
    if choices > 64 or math.comb(length + repeats, repeats) << choices > MOST_STEPS:
        rule = f"{pattern} could take too long for names of {length} letters: it repeats {repeats} parts"
        raise DataError(f"--label-from must be simpler: {rule} and has {choices} choices. Leave some of them out.")


def _plain(pattern: str) -> str:
    """The pattern with a letter for each set and each escaped letter, and without the marks of groups and laziness."""
    return LAZY.sub(r"\1", GROUP_MARKS.sub("(", ATOM.sub("a", pattern)))


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a later Python may understand otherwise
        return re.compile(pattern)
