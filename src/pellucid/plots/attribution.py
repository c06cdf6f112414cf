"""An image beside the maps of the pixels that speak for a class.

The image lies below each map in pale grey, and the colour grows denser with the value. Where there are signs, purple
speaks for the class and orange against it, which colour-blind readers tell apart; the curves differ by dash as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.gridspec import GridSpec
from numpy import ndarray

from pellucid.plots.figures import Figure
from pellucid.plots.images import visible
from pellucid.text import wrapped

MOST_COLUMNS = 4
BLOCK_INCHES = (2.45, 4.25)
HEIGHTS = (2.3, 0.85, 1.0)  # map, curves, notes
UNSIGNED, SIGNED = "Blues", "PuOr"
PALE = (0.6, 1.0)  # grey values of the image below a map
COLUMNS = 40  # of the notes
DELETION: dict[str, Any] = {"color": "#D55E00", "linestyle": "--", "linewidth": 1.4}
INSERTION: dict[str, Any] = {"color": "#0072B2", "linestyle": "-", "linewidth": 1.4}
CHANCE: dict[str, Any] = {"alpha": 0.4, "linewidth": 0.8}


@dataclass(frozen=True)
class ProbabilityCurves:
    """A class's probability, 0 to 1, while pixels go (deletion) or come (insertion).

    Attributes:
        moved: Share of the pixels that were moved, 0 to 1.
        deletion: Probability after those pixels became black.
        insertion: Probability after those pixels came back to a black image.
    """

    moved: Float[ndarray, " points"]
    deletion: Float[ndarray, " points"]
    insertion: Float[ndarray, " points"]


@dataclass(frozen=True)
class MapPanel:
    """One map and what is said of it.

    Attributes:
        title: Name of the method.
        unit: What a value of the map is.
        values: The map.
        signed: Whether the map may have values of both signs.
        degenerate: Why the map says nothing; None when it does.
        notes: Lines below the map.
        curves: Curves for pixels in the map's own order; None when the map says nothing.
    """

    title: str
    unit: str
    values: Float[ndarray, "height width"]
    signed: bool
    degenerate: str | None
    notes: Sequence[str]
    curves: ProbabilityCurves | None


def attribution_maps(
    image: Shaped[ndarray, "height width channels"],
    caption: Sequence[str],
    panels: Sequence[MapPanel],
    chance: ProbabilityCurves,
    title: str,
) -> Figure:
    """The image, and each map laid over it with its colour bar, curves and notes.

    Args:
        image: uint8, [height, width, channels].
        caption: Lines below the image.
        panels: The maps.
        chance: Mean curves of random orders, drawn pale behind the others.
        title: Text above all.
    """
    rows = -(-(1 + len(panels)) // MOST_COLUMNS)
    columns = -(-(1 + len(panels)) // rows)
    width = columns * BLOCK_INCHES[0]
    figure = Figure(width, rows * BLOCK_INCHES[1] + 0.5, "constrained")
    figure.head(title, 10)
    grid = figure.add_gridspec(3 * rows, columns, height_ratios=HEIGHTS * rows)
    _image_block(_block(figure, grid, 0, columns), image, caption, chance)
    for place, panel in enumerate(panels, start=1):
        axes = _block(figure, grid, place, columns)
        draw_map(axes[0], image, panel)
        figure.fit(axes[0].title, BLOCK_INCHES[0] - 0.1)
        if panel.curves is not None:
            draw_curves(axes[1], panel.curves, chance)
        _write(axes[2], panel.notes)
    return figure


def draw_map(axes: Axes, image: Shaped[ndarray, "height width channels"], panel: MapPanel) -> Axes:
    """One map over the pale image, with its colour bar; or the image alone and why there is no map."""
    axes.set_title(panel.title, fontsize=9)
    grey = PALE[0] + (PALE[1] - PALE[0]) * image.mean(axis=2) / 255
    pale = np.repeat(grey[..., np.newaxis], 3, axis=2)
    if panel.degenerate is not None:
        axes.imshow(pale)
        text = "\n".join(wrapped(f"No map: {panel.degenerate}.", 22))
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=9)
        return axes
    most = float(np.abs(panel.values).max())
    norm = Normalize(-most if panel.signed else 0, most)
    colours = colormaps[SIGNED if panel.signed else UNSIGNED]
    density = (np.abs(panel.values) / most)[..., np.newaxis]
    mixed = pale * (1 - density) + colours(norm(panel.values))[..., :3] * density
    axes.imshow(mixed.clip(0, 1))  # rounding may lead beyond white by a hundred-millionth
    mappable = ScalarMappable(norm, _thinned(colours, panel.signed))
    bar = axes.figure.colorbar(mappable, ax=axes, orientation="horizontal", shrink=0.85, aspect=22, pad=0.03)
    bar.set_ticks([norm.vmin or 0, 0, most] if panel.signed else [0, most])
    bar.ax.set_xticklabels([f"{value:.2g}" for value in bar.get_ticks()])
    bar.ax.tick_params(labelsize=7, length=2, pad=1)
    bar.set_label(panel.unit, fontsize=7, labelpad=1)
    return axes


def draw_curves(axes: Axes, curves: ProbabilityCurves, chance: ProbabilityCurves) -> Axes:
    """The class's probability against the share of pixels that were moved; random orders are pale."""
    axes.set_axis_on()
    for each, style in ((chance, CHANCE), (curves, {})):
        axes.plot(each.moved, each.deletion, **(DELETION | style))
        axes.plot(each.moved, each.insertion, **(INSERTION | style))
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.05, 1.05)
    axes.set_xticks([0, 0.5, 1], ["0", "half", "all"])
    axes.set_yticks([0, 1])
    axes.tick_params(labelsize=7, length=2, pad=1)
    axes.set_xlabel("pixels moved", fontsize=7, labelpad=0)
    axes.set_ylabel("probability", fontsize=7, labelpad=0)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _image_block(
    axes: Sequence[Axes],
    image: Shaped[ndarray, "height width channels"],
    caption: Sequence[str],
    chance: ProbabilityCurves,
) -> None:
    axes[0].imshow(visible(image), cmap="gray", vmin=0, vmax=255)
    axes[0].set_title("image", fontsize=9)
    draw_curves(axes[1], chance, chance)
    for line, text in zip(axes[1].lines, ("deletion", "insertion"), strict=False):
        line.set_label(f"{text}, random order")
    _write(axes[2], caption)


def _block(figure: Figure, grid: GridSpec, place: int, columns: int) -> list[Axes]:
    row, column = divmod(place, columns)
    axes = [figure.add_subplot(grid[3 * row + part, column]) for part in range(len(HEIGHTS))]
    for each in axes:
        each.set_axis_off()
    return axes


def _write(axes: Axes, lines: Sequence[str]) -> None:
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "left", "va": "top"}
    shown = [part for line in lines for part in wrapped(line, COLUMNS)]
    text = axes.text(0, 1, "\n".join(shown), fontsize=7.5, linespacing=1.35, **place)
    text.set_in_layout(False)  # the columns stay equally wide


def _thinned(colours: Colormap, signed: bool) -> ListedColormap:
    """The colours as they come out over white."""
    shades = np.linspace(0, 1, 256)
    density = np.abs(2 * shades - 1 if signed else shades)[:, np.newaxis]
    return ListedColormap(1 - density + colours(shades)[:, :3] * density)
