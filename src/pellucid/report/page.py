"""The HTML of a report."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from pellucid.audit.page import picture as image_picture
from pellucid.language import spoken, tell
from pellucid.names import MARK
from pellucid.report.chapters import Chapter
from pellucid.report.vector import drawing
from pellucid.sections.section import Command, Matrix, Picture, Section, Table, Tile
from pellucid.text import printable, shortened
from pellucid.version import __version__

TAGS = {"en": "en", "zh": "zh-Hans"}  # of languages, as HTML has them
LEVELS = 9  # of a mark in a matrix
MOST_COLUMNS = 200  # of a cell
FEW_ROWS = 10  # of a table beside pictures; a longer one is folded up


@dataclass(frozen=True, eq=False)
class Head:
    """What stands above all chapters.

    Attributes:
        kicker: What the page is about, in a few words.
        answer: The one answer.
        repeat: How it is had again; None where the page is of several runs.
        lacking: What cannot be told, and why.
    """

    kicker: str
    answer: Section
    repeat: Section | None
    lacking: tuple[str, ...] = ()


def page(head: Head, chapters: Iterable[Chapter]) -> str:
    """The whole page in the language that is spoken.

    Args:
        head: What stands above all.
        chapters: What follows, in its order.
    """
    texts = {
        name: (files("pellucid.report") / name).read_text(encoding="utf-8") for name in ("page.html.jinja", "page.css")
    }
    style = texts["page.css"]
    environment = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters["short"] = lambda cell: shortened(cell, MOST_COLUMNS)
    numbers = count(1)
    return environment.get_template("page.html.jinja").render(
        head=head,
        chapters=list(chapters),
        language=TAGS[spoken()],
        tell=tell,
        mark=f"{MARK} {__version__}",
        style=Markup(style),  # noqa: S704 - comes with the package
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        kind=_kind,
        level=_level,
        address=_address,
        drawn=lambda picture: _drawn(picture, f"f{next(numbers)}-"),
        folded=_folded,
        parts=_parts,
    )


def _drawn(picture: Picture, prefix: str) -> Markup:
    from pellucid.plots.figures import inline

    return drawing(inline(picture.draw()), picture.alternative_text, prefix)


def _address(tile: Tile) -> str:
    return image_picture(tile.pixels).address


def _kind(part: Any) -> str:
    """What a part of a body is."""
    kinds = ((Matrix, "matrix"), (Table, "table"), (Command, "command"), (list, "tables"))
    return next((name for kind, name in kinds if isinstance(part, kind)), "text")


def _parts(section: Section) -> list[Any]:
    """The body but for what is folded up; tables that follow each other are a list, to stand side by side."""
    parts = list[Any]()
    for part in section.body:
        if not isinstance(part, Table):
            parts.append(part)
        elif not _folded(section, part):
            if not parts or not isinstance(parts[-1], list):
                parts.append([])
            parts[-1].append(part)
    return parts


def _folded(section: Section, part: Any) -> bool:
    """Whether a part of a section is a long table beside what shows the same."""
    shown = bool(section.galleries or section.pictures)
    return shown and _kind(part) == "table" and len(part.rows) > FEW_ROWS


def _level(matrix: Matrix, row: int, column: int) -> str:
    """The class of a cell of counts, by how strongly it is marked."""
    share = matrix.shares[row][column]
    level = -int(-share * LEVELS // 1)
    return f"{'right' if row == column else 'wrong'}-{level}" if level else "none"


def _plain(value: Any) -> Any:
    """A text without what would turn the page's direction of writing; what is marked up already stays as it is."""
    return printable(value, keep="\n") if type(value) is str else value
