"""A network as the shapes that an image takes on its way through it, a block each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Polygon

from pellucid.plots.figures import Figure

MOST_ACROSS = 8  # blocks in a row
WIDE, TALLEST, DEEPEST, SLANT = 1.3, 1.1, 0.5, 0.3  # inches
TOP, LINE = 1.5, 0.15  # inches above the base of a block, and of a line below it
COLOURS = {"conv": "#0072B2", "pool": "#D55E00", "dense": "#009E73"}
OTHER = "#777777"
MOST_LINES = 4
MOST_BLOCKS = 48


@dataclass(frozen=True)
class Block:
    """A shape on the way, and the layers that make it.

    Attributes:
        shape: [height, width, channels], or [units].
        label: The shape in words.
        lines: The layers.
        kind: ``conv``, ``pool``, ``dense`` or another word, which gives the colour.
    """

    shape: tuple[int, ...]
    label: str
    lines: tuple[str, ...]
    kind: str


def network_figure(blocks: Sequence[Block]) -> Figure:
    """The blocks in order, in rows from left to right: as tall as the maps are large, as deep as there are channels.

    Args:
        blocks: The image first, the outputs last.
    """
    blocks = [*blocks[: MOST_BLOCKS - 1], blocks[-1]] if len(blocks) > MOST_BLOCKS else blocks
    rows = -(-len(blocks) // MOST_ACROSS)
    across = -(-len(blocks) // rows)
    high = TOP + LINE * (2.5 + min(MOST_LINES, max(len(block.lines) for block in blocks)))
    figure = Figure(across * WIDE, rows * high)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, across * WIDE), ylim=(rows * high, 0))
    axes.set_axis_off()
    tallest = max(max(block.shape[:2]) for block in blocks if len(block.shape) == 3)
    for number, block in enumerate(blocks):
        middle, base = (number % across + 0.5) * WIDE, number // across * high + TOP
        _draw(axes, block, middle, base, tallest)
        style = {"ha": "center", "va": "top", "fontsize": 8.5}
        figure.fit(axes.text(middle, base + 0.06, block.label, weight="bold", **style), WIDE - 0.1)
        more = len(block.lines) - MOST_LINES
        shown = block.lines if more <= 0 else (*block.lines[: MOST_LINES - 1], f"+{more + 1}")
        figure.fit(axes.text(middle, base + 0.08 + LINE, "\n".join(shown), color="0.35", **style), WIDE - 0.1)
        if number % across:
            _arrow(axes, middle - WIDE / 2, base - TALLEST / 2)
    return figure


def _draw(axes: Axes, block: Block, middle: float, base: float, tallest: int) -> None:
    """A slab: its front is the map, and its depth tells the channels; a vector is an upright bar."""
    edge = COLOURS.get(block.kind, OTHER)
    if len(block.shape) == 3:
        side = 0.15 + (TALLEST - 0.15) * math.sqrt(max(block.shape[:2]) / tallest)
        high, wide = (side * each / max(block.shape[:2]) for each in block.shape[:2])
        deep = min(DEEPEST, 0.05 * (1 + math.log2(block.shape[2])))
    else:
        high, wide, deep = min(TALLEST, 0.2 + 0.11 * math.log2(block.shape[0])), 0.08, 0.05
    rise = wide * SLANT
    left = middle - (deep + rise) / 2
    right, top = left + deep, base - high
    near = [(left, base), (left, top), (right, top), (right, base)]
    above = [(left, top), (left + rise, top - rise), (right + rise, top - rise), (right, top)]
    face = [(right, base), (right, top), (right + rise, top - rise), (right + rise, base - rise)]
    for corners, strength in ((near, 0.45), (above, 0.3), (face, 0.15)):
        axes.add_patch(Polygon(corners, closed=True, facecolor=to_rgba(edge, strength), edgecolor=edge))


def _arrow(axes: Axes, x: float, y: float) -> None:
    axes.annotate("", (x + 0.08, y), (x - 0.08, y), arrowprops={"arrowstyle": "->", "color": "0.45", "linewidth": 1.2})
