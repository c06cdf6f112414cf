"""Fonts for characters that Matplotlib's own does not have, found among those that are installed."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

OWN = "DejaVu Sans"  # comes with Matplotlib
UNSEEN = {*range(0x200C, 0x200E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}  # joiners, and kinds of a glyph
NO_BOLD = "Failed to find font weight"  # most fonts of East Asia have none: the weight that there is does as well
EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")

logging.getLogger(font_manager.__name__).addFilter(lambda record: NO_BOLD not in record.getMessage())


def families_for(texts: Iterable[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The families of fonts that texts need, and the characters that no font has.

    Args:
        texts: What is to be written.

    Returns:
        Matplotlib's own family and the further ones that are needed; and the characters that cannot be drawn.
    """
    own = _own_font()
    characters = {character for text in texts for character in text if character != "\n"}
    further, lacking = _further(
        frozenset(each for each in characters if ord(each) not in UNSEEN and not own.get_char_index(ord(each)))
    )
    return (OWN, *further), lacking


def package_for(characters: Iterable[str]) -> str:
    """The package of Debian and Ubuntu that has fonts for characters."""
    names = [unicodedata.name(character, "") for character in characters]
    return "fonts-noto-cjk" if any(name.startswith(EAST_ASIAN) for name in names) else "fonts-noto"


@lru_cache(maxsize=1)
def _own_font() -> FT2Font:
    return FT2Font(font_manager.findfont(font_manager.FontProperties(OWN)))


@lru_cache(maxsize=64)
def _further(lacking: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Installed families that have some of the characters, and the characters that none has.

    The files are looked for anew, since Matplotlib's list of them is not renewed when a font is installed.
    """
    families: list[str] = []
    for path in sorted(font_manager.findSystemFonts(), key=_rank) if lacking else ():
        font = _opened(path)
        found = {each for each in lacking if font.get_char_index(ord(each))} if font else set[str]()
        if font and found:
            _make_known(path)
            families.append(font.family_name)
            lacking -= found
        if not lacking:
            break
    return tuple(families), lacking


def _rank(path: str) -> tuple[bool, bool, str]:
    """Upright fonts of normal weight first, and among them those made for all scripts."""
    name = Path(path).name
    return "regular" not in name.lower(), "Noto" not in name, path


def _opened(path: str) -> FT2Font | None:
    """A font whose glyphs can be drawn at any size; None of other files."""
    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):
        return None
    return font if font.scalable else None


def _make_known(path: str) -> None:
    manager = font_manager.fontManager
    if path not in {entry.fname for entry in manager.ttflist}:
        manager.addfont(path)
