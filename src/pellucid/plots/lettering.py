"""The texts of a figure as they are drawn: no markup, in fonts that have them, and within their room."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedLocator

from pellucid.plots.fonts import families_for
from pellucid.text import columns, printable, shortened

POINTS_AN_INCH = 72


def letter(figure: Figure, rooms: Mapping[Text, float], *, numbered: bool = True) -> dict[str, int]:
    """Make all texts of a figure such as they can be drawn.

    Characters that steer are written out. What no installed font has is numbered: ``[1]`` stands for the first run of
    such characters wherever it occurs in the figure, so that names which differ are drawn differently.

    Args:
        figure: The figure, complete.
        rooms: How wide some texts may be, in inches; a line that is wider is drawn without its middle.
        numbered: Whether what no font has is numbered; else it stays, for a page whose reader may have one.

    Returns:
        The number of each run of characters that cannot be drawn.
    """
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    for text in texts:
        text.set_parse_math(False)
        text.set_usetex(False)
        text.set_text(printable(text.get_text(), keep="\n"))
    _rename_ticks(figure, printable)
    families, lacking = families_for(text.get_text() for text in texts)
    numbers: dict[str, int] = {}
    number = _numbering(lacking if numbered else frozenset(), numbers)
    _rename_ticks(figure, number)
    for text in texts:
        text.set_fontfamily(families)
        text.set_text(number(text.get_text()))
    for text, inches in rooms.items():
        text.set_text("\n".join(_fitting(line, text, inches) for line in text.get_text().split("\n")))
    return numbers


def _numbering(lacking: frozenset[str], numbers: dict[str, int]) -> Callable[[str], str]:
    """What writes a number in the place of each run of characters, and takes in which it is."""
    runs = re.compile(f"[{re.escape(''.join(sorted(lacking)))}]+" if lacking else "(?!)")

    def numbered(text: str) -> str:
        return runs.sub(lambda run: f"[{numbers.setdefault(run[0], len(numbers) + 1)}]", text)

    return numbered


def _rename_ticks(figure: Figure, change: Callable[[str], str]) -> None:
    """Change the names along axes, which ticks take anew whenever the figure is drawn."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_locator(), FixedLocator):
            names = [label.get_text() for label in axis.get_ticklabels()]
            changed = [change(name) for name in names]
            if changed != names:
                axis.set_ticks(axis.get_majorticklocs(), labels=changed)


def _fitting(line: str, text: Text, inches: float) -> str:
    """A line as it is, or as much of its ends as fits into the room of its text."""
    shown, most = line, columns(line)
    while most > 1 and (width := _width(shown, text)) > inches:
        most = min(most - 1, int(most * inches / width) + 1)
        shown = shortened(line, most)
    return shown


def _width(line: str, text: Text) -> float:
    """Of a line in the font of its text, in inches."""
    width, _, _ = text_to_path.get_text_width_height_descent(line, text.get_fontproperties(), ismath=False)
    return width / POINTS_AN_INCH
