"""Pictures that maximise targets, each beside what it is held against."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.text import Text
from numpy import ndarray
from PIL import Image

from pellucid.plots.figures import Figure
from pellucid.plots.images import visible
from pellucid.words import counted

GAP, ROW, HEAD = 0.12, 1.62, 0.3  # in sides of a cell
INCHES = 0.82  # a cell
TITLE_SIZE, NOTE_SIZE = 11, 7.5  # points
MOST_CARDS = 128
FEW_CARDS, FEW_CELLS, MANY_CELLS = 10, 8, 12  # how many cells stand side by side, for few cards and for many


@dataclass(frozen=True)
class Cell:
    """One picture.

    Attributes:
        image: [height, width, channels], uint8 or floats in [0, 1]; None where there is nothing to show.
        text: Text below the picture, in at most two short lines.
    """

    image: ndarray | None
    text: str


@dataclass(frozen=True)
class Card:
    """Pictures of one target side by side.

    Attributes:
        title: Text above the pictures.
        cells: The pictures, as many for each target.
    """

    title: str
    cells: tuple[Cell, ...]


def card_grid(cards: Sequence[Card], heads: Sequence[str], title: str, note: str) -> Figure:
    """Cards in a grid, two or more side by side.

    Args:
        cards: A card for each target.
        heads: What the cells of each card are, one for each cell, in at most two lines.
        title: Text above all.
        note: Text below all: how to read it.
    """
    if (hidden := len(cards) - MOST_CARDS) > 0:
        cards = cards[:MOST_CARDS]
        note += f"\n{counted(hidden, 'target')} more in the .npz file only."
    across = min(max(1, (FEW_CELLS if len(cards) <= FEW_CARDS else MANY_CELLS) // len(heads)), len(cards))
    width, rows = len(heads) * (1 + GAP) + 3 * GAP, -(-len(cards) // across)
    inches = max(6.8, across * width * INCHES)
    figure, unit = Figure(inches, 0), inches / (across * width)
    titles = figure.parted(title, TITLE_SIZE)
    notes = [part for line in note.splitlines() for part in figure.parted(line, NOTE_SIZE)]
    lines = len(notes)
    height, head = rows * ROW * unit, 0.55 + 0.18 * len(titles)
    figure.set_figheight(height + head + 0.12 + 0.15 * lines)
    whole = figure.get_figheight()
    axes = figure.add_axes((0, (0.15 * lines + 0.12) / whole, 1, height / whole))
    axes.set(xlim=(-GAP, across * width - GAP), ylim=(rows * ROW - HEAD, -HEAD))
    axes.set_axis_off()
    for number, card in enumerate(cards):
        left, top = number % across * width, number // across * ROW
        name = axes.text(left, top - 0.05, card.title, fontsize=9, weight="bold", va="bottom")
        figure.fit(name, unit * (width - 2 * GAP))
        for place, cell in enumerate(card.cells):
            figure.fit(_draw(axes, cell, left + place * (1 + GAP), top), unit * (1 + GAP / 2))
    for number in range(across):
        for place, head_text in enumerate(heads):
            x = number * width + place * (1 + GAP) + 0.5
            axes.text(x, -HEAD - 0.06, head_text, fontsize=7.5, ha="center", va="bottom", color="0.25", clip_on=False)
    above = figure.text(0.5, 1 - 0.12 / whole, "\n".join(titles), fontsize=TITLE_SIZE, ha="center", va="top")
    figure.fit(above, inches - 2 * GAP)
    figure.text(0.5, 0.08 / whole, "\n".join(notes), fontsize=NOTE_SIZE, ha="center", va="bottom", color="0.25")
    return figure


def png(image: Float[ndarray, "height width channels"]) -> bytes:
    """The bytes of a PNG file of one picture, a pixel a pixel."""
    buffer = io.BytesIO()
    Image.fromarray((visible(image) * 255).round().astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _draw(axes: Axes, cell: Cell, left: float, top: float) -> Text:
    """Draw a picture, and write what stands below it."""
    if cell.image is None:
        axes.plot([left, left + 1], [top, top + 1], color="0.6", linewidth=0.8)
        axes.plot([left, left + 1], [top + 1, top], color="0.6", linewidth=0.8)
    else:
        most = 1.0 if cell.image.dtype.kind == "f" else 255
        extent = (left, left + 1, top + 1, top)
        shown = visible(cell.image) / most
        axes.imshow(shown, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest", aspect="auto")
        axes.set_autoscale_on(False)
    axes.plot([left, left + 1, left + 1, left, left], [top, top, top + 1, top + 1, top], color="0.6", linewidth=0.6)
    return axes.text(left + 0.5, top + 1.03, cell.text, fontsize=6.5, ha="center", va="top", linespacing=1.05)
