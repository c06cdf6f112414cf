"""The filters of a convolution, one tile each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8
from matplotlib.patches import Rectangle
from numpy import ndarray

from pellucid.language import tell
from pellucid.plots.figures import Figure
from pellucid.plots.sheet import MARGIN, Scale, Sheet

MOST_FILTERS, MOST_CHANNELS = 128, 36
STRONGEST = 16  # input channels that are drawn of a filter with more than MOST_CHANNELS
ENLARGED, GAP = 8, 3  # pixels of a weight's side, and between the channels of a filter
WIDTH = 9.0  # inches
DEAD: dict[str, Any] = {"linestyle": ":", "linewidth": 1.6, "edgecolor": "black"}
DUPLICATE: dict[str, Any] = {"linestyle": "-", "linewidth": 1.6, "edgecolor": "#009E73"}


def filter_grid(
    kernels: Any, title: str, *, dead: Sequence[int] = (), duplicates: Mapping[int, int] | None = None, rule: str = ""
) -> Figure:
    """Each filter as a tile, all on one scale: red above zero, blue below, white at zero.

    A filter of several input channels is a mosaic of one small square a channel, in rows from left to right. Of more
    than 36 channels the 16 whose weights have the greatest norm are drawn, the strongest first, and the title says so.

    Args:
        kernels: Weights, [filters, height, width, channels].
        title: What the filters are, of which run.
        dead: Numbers of filters to frame as dead.
        duplicates: Number of each filter to frame as a duplicate, with that of the filter that it is like.
        rule: By what rule a filter counts as dead.
    """
    duplicates = duplicates or {}
    tiles, reading = _tiles(np.asarray(kernels[:MOST_FILTERS]))
    if hidden := len(kernels) - len(tiles):
        reading += f" {hidden} more filters are in the .npz file only."
    notes = [reading, _legend(len(dead), len(duplicates), rule)]
    height, width = tiles.shape[1:]
    columns, side = _columns(len(tiles), width / height)
    rows = -(-len(tiles) // columns)
    tall = side * height / width
    pitch = tall + 0.3
    sheet = Sheet(WIDTH, rows * pitch + 0.2, title, notes)
    scale = Scale(float(np.abs(kernels).max()) or 1.0)
    for number, tile in enumerate(tiles):
        x, y = MARGIN + number % columns * (side + 0.16), 0.2 + number // columns * pitch
        sheet.stamp(tile, scale, x, y, side, tall)
        _label(sheet, number, x, y, side, tall, number in dead, duplicates.get(number))
    sheet.bar(scale, WIDTH - 0.85, 0.2, min(2.5, rows * pitch - 0.3), "weight")
    return sheet.figure


def filter_tiles(kernels: Any) -> tuple[UInt8[ndarray, "filters height width 4"], str]:
    """The tiles of `filter_grid` alone, in colours whose gaps can be seen through, and how they are to be read."""
    tiles, reading = _tiles(np.asarray(kernels[:MOST_FILTERS]))
    scale = Scale(float(np.abs(kernels).max()) or 1.0)
    colours = scale.colours.with_extremes(bad=(0, 0, 0, 0))
    return colours((tiles - scale.least) / (scale.most - scale.least), bytes=True), reading


def _columns(count: int, ratio: float) -> tuple[int, float]:
    """How many tiles of this ratio of width to height stand side by side, and their width in inches."""
    room = WIDTH - MARGIN - 1.1
    wanted = max(1, round((8 if count <= 64 else 11) / math.sqrt(ratio)))
    columns = min(count, wanted)
    return columns, min(room / columns - 0.16, 1.1 * math.sqrt(ratio))


def _tiles(kernels: Any) -> tuple[Any, str]:
    """A tile for each filter, [filters, height, width], and how it is to be read."""
    _, height, width, channels = kernels.shape
    if channels == 1:
        return _mosaics(kernels, 1), tell("Each tile is a filter of {shape} weights.", shape=f"{height}x{width}")
    if channels == 3:
        reading = tell("Each tile is a filter; left to right its three input channels (of an image red, green, blue).")
        return _mosaics(kernels, 3), reading
    if channels <= MOST_CHANNELS:
        reading = tell(
            "Each tile is a filter; in it one square for each of the {channels} input channels, in order.",
            channels=channels,
        )
        return _mosaics(kernels, _fullest(channels)), reading
    power = np.square(kernels).sum(axis=(1, 2))
    strongest = np.argsort(-power, axis=1, kind="stable")[:, :STRONGEST]
    share = np.take_along_axis(power, strongest, axis=1).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-30)
    kept = np.take_along_axis(kernels, strongest[:, None, None, :], axis=3)
    reading = tell(
        "Each tile is a filter; in it the {shown} of {channels} input channels with the greatest norm, strongest first"
        " ({least} to {most} of the squared norm).",
        shown=STRONGEST,
        channels=channels,
        least=f"{share.min():.0%}",
        most=f"{share.max():.0%}",
    )
    return _mosaics(kept, _fullest(STRONGEST)), reading


def _fullest(count: int) -> int:
    """The number of columns, from a square to twice as wide as tall, that leaves the fewest places empty."""
    least = math.ceil(math.sqrt(count))
    return min(range(least, math.ceil(math.sqrt(2 * count)) + 1), key=lambda columns: -count % columns)


def _mosaics(kernels: Any, columns: int) -> Any:
    """The channels of each filter as squares in rows, with gaps that hold nothing."""
    count, height, width, channels = kernels.shape
    rows = -(-channels // columns)
    high, wide = height * ENLARGED + GAP, width * ENLARGED + GAP
    canvas = np.full((count, rows * high - GAP, columns * wide - GAP), np.nan)
    large = kernels.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
    for channel in range(channels):
        top, left = channel // columns * high, channel % columns * wide
        canvas[:, top : top + high - GAP, left : left + wide - GAP] = large[..., channel]
    return canvas


def _label(
    sheet: Sheet, number: int, x: float, y: float, side: float, tall: float, dead: bool, like: int | None
) -> None:
    words = [str(number)] + ["dead"] * dead + [f"like {like}"] * (like is not None)
    sheet.write(", ".join(words), x + side / 2, y + tall + 0.02, size=7, weight="bold" if words[1:] else "normal")
    if dead or like is not None:
        sheet.axes.add_patch(Rectangle((x, y), side, tall, fill=False, **(DEAD if dead else DUPLICATE)))


def _legend(dead: int, duplicates: int, rule: str) -> str:
    frames = [" (dotted frame)" * (dead > 0), " (green frame)" * (duplicates > 0)]
    told = f"; a dead one: {rule}" if rule else ""
    return f"{dead} dead{frames[0]}, {duplicates} like an earlier filter{frames[1]}{told}."
