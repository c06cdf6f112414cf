"""Images that were answered wrongly, each beside the training images that the network sees as most alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy import ndarray

from pellucid.plots.figures import Figure
from pellucid.plots.images import visible
from pellucid.plots.sheet import MARGIN, Scale, Sheet

LARGE, SMALL, GAP = 1.0, 0.72, 0.14  # inches
LINE = 0.15
GREY = Scale(255.0, signed=False, grey=True)


@dataclass(frozen=True)
class Wrong:
    """One wrong answer.

    Attributes:
        image: [height, width, channels], uint8.
        lines: What stands above it.
        nearest: Training images that are most alike, each with what stands below it.
    """

    image: ndarray
    lines: Sequence[str]
    nearest: Sequence[tuple[ndarray, str]]


def mistakes_figure(mistakes: Sequence[Wrong], title: str = "", notes: Sequence[str] = (), columns: int = 2) -> Figure:
    """Wrong answers as cards, each with its nearest training images.

    Args:
        mistakes: The answers, at least one.
        title: Text above all.
        notes: Lines below the title.
        columns: How many cards stand side by side.
    """
    most = max(len(mistake.nearest) for mistake in mistakes)
    width = LARGE + most * (SMALL + GAP) + 4 * GAP
    width = max(width, 2.6)
    lines = max(len(mistake.lines) for mistake in mistakes)
    height = lines * LINE + LARGE + 2 * GAP
    columns = min(columns, len(mistakes))
    rows = -(-len(mistakes) // columns)
    sheet = Sheet(max(2 * MARGIN + columns * width, 5.0), rows * height + GAP, title, notes)
    for number, mistake in enumerate(mistakes):
        x, y = MARGIN + number % columns * width, number // columns * height + GAP
        for place, line in enumerate(mistake.lines):
            weight = "normal" if place else "bold"
            sheet.write(line, x, y + place * LINE, align="left", weight=weight, room=width - GAP)
        top = y + lines * LINE + 0.04
        sheet.stamp(visible(mistake.image), GREY, x, top, LARGE, LARGE)
        for place, (image, below) in enumerate(mistake.nearest):
            left = x + LARGE + 2 * GAP + place * (SMALL + GAP)
            sheet.stamp(visible(image), GREY, left, top, SMALL, SMALL)
            sheet.write(below, left + SMALL / 2, top + SMALL + 0.04, size=7, room=SMALL + GAP - 0.02)
    return sheet.figure
