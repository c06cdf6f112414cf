"""A sheet that tiles are laid out on, in inches, and the scale of their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from pellucid.plots.figures import Figure
from pellucid.text import wrapped

MARGIN = 0.35  # inches


@dataclass(frozen=True)
class Scale:
    """From values to colours. White is zero, red above, blue below; grey images go from black to white.

    Attributes:
        most: The greatest value on the scale; a signed scale begins at minus this value.
        signed: Whether zero is in the middle of the scale.
        grey: Whether the scale is one of brightness.
    """

    most: float
    signed: bool = True
    grey: bool = False

    @property
    def least(self) -> float:
        """The value at the lower end of the scale."""
        return -self.most if self.signed else 0.0

    @property
    def colours(self) -> Any:
        """The colour map; without sign it is the upper half of the signed one. What holds no value is grey."""
        if self.grey:
            return mpl.colormaps["gray"]
        both = mpl.colormaps["RdBu_r"]
        return (both if self.signed else ListedColormap(both(np.linspace(0.5, 1, 256)))).with_extremes(bad="0.65")


class Sheet:
    """A figure that is laid out in inches, from the upper left corner below its heading.

    Attributes:
        figure: The whole figure.
        axes: Axes on which one unit is one inch; y grows downwards.
    """

    def __init__(self, width: float, height: float, title: str, notes: Sequence[str] = ()) -> None:
        titles = wrapped(title, int(width * 11))
        lines = [line for note in notes for line in wrapped(note, int(width * 15))]
        self.width, self.height = width, height
        self._head = 0.14 + 0.2 * len(titles) + 0.15 * len(lines)
        self.figure = Figure(width, self._head + height)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, -self._head), autoscale_on=False)
        self.axes.set_axis_off()
        for number, line in enumerate(titles):
            self.write(line, MARGIN, 0.1 - self._head + 0.2 * number, size=11, align="left", room=width - 2 * MARGIN)
        for number, line in enumerate(lines):
            self.write(line, MARGIN, 0.13 - self._head + 0.2 * len(titles) + 0.15 * number, size=8, align="left")

    def write(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float = 8,
        align: Any = "center",
        weight: str = "normal",
        room: float | None = None,
    ) -> None:
        """Write a text whose upper edge is at y, and which is no wider than the room."""
        style = {"ha": align, "va": "top", "fontsize": size, "weight": weight}
        written = self.axes.text(x, y, text, **style)
        if room is not None:
            self.figure.fit(written, room)

    def stamp(self, tile: Any, scale: Scale, x: float, y: float, width: float, height: float) -> None:
        """Draw an array, [height, width] or in colour, with its upper left corner at (x, y)."""
        extent = (x, x + width, y + height, y)
        limits = {"cmap": scale.colours, "vmin": scale.least, "vmax": scale.most}
        self.axes.imshow(tile, extent=extent, aspect="auto", interpolation="nearest", **limits)
        self.axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor="0.65", linewidth=0.4))

    def bar(self, scale: Scale, x: float, y: float, height: float, label: str = "") -> None:
        """Draw an upright colour bar with the values at its ends, and at zero."""
        values = np.linspace(scale.most, scale.least, 256)[:, None]
        self.stamp(values, scale, x, y, 0.12, height)
        for value in {scale.most, 0.0, scale.least}:
            place = y + height * (scale.most - value) / (scale.most - scale.least)
            style = {"ha": "left", "va": "center", "fontsize": 7}
            self.axes.text(x + 0.16, place, f"{value:.3g}", **style)
        if label:
            self.write(label, x + 0.06, y + height + 0.06, size=8)

    def panel(self, x: float, y: float, width: float, height: float) -> Any:
        """Axes of their own, with their upper left corner at (x, y)."""
        whole = self._head + self.height
        place = (x / self.width, 1 - (self._head + y + height) / whole, width / self.width, height / whole)
        return self.figure.add_axes(place)
