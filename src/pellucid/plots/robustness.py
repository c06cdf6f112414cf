"""Accuracy against the severity of corruptions, a panel each.

Colours as in `plots.curves`; what a training was varied by is hatched, so that grey print shows it too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.text import Text

from pellucid.language import tell
from pellucid.plots.figures import Figure

COLUMNS = 4
PANEL = (2.4, 1.9)  # inches
CURVE: dict[str, Any] = {"color": "#0072B2", "marker": "o", "markersize": 3.5, "linewidth": 1.4}
CLEAN: dict[str, Any] = {"color": "0.35", "linestyle": "--", "linewidth": 0.9}
CHANCE: dict[str, Any] = {"color": "0.35", "linestyle": ":", "linewidth": 0.9}
TRAINED: dict[str, Any] = {"facecolor": "none", "edgecolor": "0.75", "hatch": "///", "linewidth": 0}


@dataclass(frozen=True)
class Falling:
    """Accuracy under one corruption.

    Attributes:
        title: The corruption.
        unit: What its severity counts.
        severities: How strong it is.
        accuracies: Share of right answers at each severity.
        intervals: Interval of each accuracy.
        trained_to: Up to which severity the training itself varied images; 0 for not at all.
    """

    title: str
    unit: str
    severities: Sequence[float]
    accuracies: Sequence[float]
    intervals: Sequence[tuple[float, float]]
    trained_to: float = 0.0


def robustness_figure(panels: Sequence[Falling], clean: float, chance: float, title: str) -> Figure:
    """Accuracy against severity, with its intervals, from the images as they are.

    Args:
        panels: The corruptions.
        clean: Accuracy for the images as they are, which is severity 0.
        chance: Accuracy of guessing.
        title: Text above the figure.
    """
    rows = math.ceil(len(panels) / COLUMNS)
    figure = Figure(COLUMNS * PANEL[0], rows * PANEL[1] + 0.7, "constrained")
    grid = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True)
    for axes, panel in zip(grid.flat, panels, strict=False):
        figure.fit(_panel(axes, panel, clean, chance), PANEL[0] - 0.3)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel(tell("accuracy (%)"), fontsize=8)
    hatched = [patch for axes in grid.flat for patch in axes.patches]
    key = [*grid.flat[0].get_lines()[:3], *hatched[:1]]
    figure.legend(handles=key, loc="outside lower right", ncols=len(key), fontsize=8, frameon=False)
    figure.head(title)
    return figure


def _panel(axes: Axes, panel: Falling, clean: float, chance: float) -> Text:
    """Draw one, and give its title."""
    strongest = max(panel.severities)
    axes.axhline(100 * clean, label=tell("images as they are"), **CLEAN)
    axes.axhline(100 * chance, label=tell("guessing"), **CHANCE)
    known = [(0.0, clean, (clean, clean)), *zip(panel.severities, panel.accuracies, panel.intervals, strict=True)]
    severities, accuracies, intervals = zip(*known, strict=True)
    low, high = ([100 * bound for bound in bounds] for bounds in zip(*intervals, strict=True))
    axes.plot(severities, [100 * share for share in accuracies], label=tell("corrupted, 95% interval"), **CURVE)
    axes.fill_between(severities[1:], low[1:], high[1:], color=CURVE["color"], alpha=0.25, linewidth=0)
    if panel.trained_to:
        axes.axvspan(0, min(panel.trained_to, strongest), label=tell("varied so in training"), **TRAINED)
    axes.set_xlabel(panel.unit, fontsize=8)
    axes.set_xlim(-0.04 * strongest, 1.04 * strongest)
    axes.set_ylim(0, 103)
    axes.tick_params(labelsize=7)
    axes.grid(visible=True, color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return axes.set_title(panel.title, fontsize=9)
