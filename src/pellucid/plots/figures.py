"""The one kind of figure that is drawn, and its way to a file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib import figure as matplotlib_figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from typing_extensions import override

from pellucid.errors import PellucidWarning
from pellucid.names import MARK
from pellucid.plots.fonts import package_for
from pellucid.plots.lettering import letter
from pellucid.text import wrapped

# Where each format says what drew it.
DRAWN_WITH = {"png": "Software", "svg": "Creator"}
DOTS_AN_INCH = 150
COLUMNS_AN_INCH = 120  # of a text of one point
KEY_SIZE, KEY_LINE = 7.5, 0.15  # points, inches
MARGIN = 0.1  # inches
REMEDY = "Install one that has, on Debian and Ubuntu by: apt install {}"


class Figure(matplotlib_figure.Figure):
    """A figure whose texts are drawn as they are, whatever they hold.

    Args:
        width: In inches.
        height: In inches.
        layout: As of matplotlib's figures.
    """

    def __init__(self, width: float, height: float, layout: Any = None) -> None:
        super().__init__(figsize=(width, height), layout=layout)
        self._rooms: dict[Text, float] = {}
        self._key: list[str] | None = None

    def head(self, title: str, size: float = 11) -> None:
        """Write a title above all, in as many lines as it needs."""
        written = self.suptitle("\n".join(self.parted(title, size)), fontsize=size)
        self.fit(written, self.get_figwidth() - 2 * MARGIN)

    def parted(self, text: str, size: float) -> list[str]:
        """A text in lines that are no wider than the figure."""
        return wrapped(text, int(self.get_figwidth() * COLUMNS_AN_INCH / size))

    def fit(self, text: Text, inches: float) -> None:
        """Draw the lines of a text no wider than this, without their middle if need be."""
        self._rooms[text] = inches

    @override
    def draw(self, renderer: Any) -> None:
        """Draw the figure, complete and without mathematics."""
        self.complete()
        with mpl.rc_context({"text.parse_math": False, "text.usetex": False}):
            super().draw(renderer)

    def letter_for_page(self) -> None:
        """Letter the figure for a page: without its title, and for a reader who has fonts for all characters."""
        self.suptitle("")
        if self._key is None:
            letter(self, self._rooms, numbered=False)
            self._key = []

    def complete(self) -> Bbox | None:
        """Letter the figure, once all is in it, as `letter` does; what no font has is told below it, and warned of.

        Returns:
            What is to be drawn, in inches; None for the figure alone.
        """
        width, height = self.get_size_inches()
        if self._key is None:
            self._key = self._told(letter(self, self._rooms))
            for number, line in enumerate(self._key):
                x, y = MARGIN / width, -KEY_LINE * (number + 0.5) / height
                self.text(x, y, line, fontsize=KEY_SIZE, va="top", in_layout=False)
        if not self._key:
            return None
        return Bbox.from_extents(0, -KEY_LINE * (len(self._key) + 1), width, height)

    def _told(self, undrawn: Mapping[str, int]) -> list[str]:
        """The lines below the figure that say what the numbers in it stand for."""
        if not undrawn:
            return []
        remedy = REMEDY.format(package_for("".join(undrawn)))
        numbers = ", ".join(f"[{number}] for {run}" for run, number in undrawn.items())
        rule = f"A picture has {numbers}, since no installed font has these characters."
        warnings.warn(f"{rule} {remedy}", PellucidWarning, stacklevel=4)
        codes = ", ".join(f"[{number}] {_codes(run)}" for run, number in undrawn.items())
        return self.parted(f"No installed font has the characters of {codes}. {remedy}", KEY_SIZE)


def render(figure: Figure, kind: str = "png") -> bytes:
    """The bytes of a figure's file.

    Args:
        figure: What to draw.
        kind: ``png`` or ``svg``.
    """
    extent, buffer = figure.complete(), io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=DOTS_AN_INCH, metadata={DRAWN_WITH[kind]: MARK}, bbox_inches=extent)
    return buffer.getvalue()


def inline(figure: Figure) -> bytes:
    """The SVG of a figure for a page: its texts stay texts, and are drawn in fonts of the reader's.

    So nothing is numbered that no font here has; and the page has headings of its own. The same figure gives the same
    bytes.
    """
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": MARK, "font.sans-serif": ["DejaVu Sans"]}
    buffer = io.BytesIO()
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.letter_for_page()
        figure.savefig(buffer, format="svg", metadata={"Date": None, DRAWN_WITH["svg"]: MARK})
    return buffer.getvalue()


def _codes(run: str) -> str:
    """Characters by their numbers in Unicode."""
    return " ".join(f"U+{ord(character):04X}" for character in run)
