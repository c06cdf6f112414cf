"""The confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy import ndarray

from pellucid.plots.figures import Figure
from pellucid.text import columns, shortened

MOST_COUNTED = 25  # classes whose cells hold their counts
MOST_NAMED = 60  # classes that all have their names
NAME, LETTER = 16, 0.09  # columns of a name, inches of a column
LEAST_SHARE = 0.01  # of a row, at the end of the scale of confusions


def confusion_figure(confusion: ndarray, names: Sequence[str], labels: tuple[str, str, str], title: str = "") -> Figure:
    """Counts of what images are against what was answered: right answers in blue, wrong ones in red.

    Colours go by the share of the images of a class; those of wrong answers by the greatest of their shares, so that
    they are seen even where they are few.

    Args:
        confusion: Counts, [classes, classes]; a row is what the images are.
        names: Name of each class.
        labels: Of the rows, of the columns, and of the scale of confusions.
        title: Text above all.
    """
    count = len(names)
    side, room = min(10.0, max(3.0, 0.4 * count)), LETTER * min(NAME, max(map(columns, names)))
    figure = Figure(side + room + 2, side + room + 1)
    figure.set_layout_engine("constrained", w_pad=0.12)
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    right = np.eye(count, dtype=bool)
    most = max(LEAST_SHARE, float(np.where(right, 0, shares).max()))
    wrong = np.ma.masked_array(shares, right | (confusion == 0))
    axes.imshow(np.ma.masked_array(shares, ~right | (confusion == 0)), cmap="Blues", vmin=-0.3, vmax=1.3)
    drawn = axes.imshow(wrong, cmap=mpl.colormaps["OrRd"], vmin=-0.25 * most, vmax=most)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.6, pad=0.04)
    bar.ax.set_ylim(0, most)
    bar.ax.set_ylabel(labels[2], labelpad=2)
    _name(axes, names)
    axes.set(ylabel=labels[0], xlabel=labels[1])
    if count <= MOST_COUNTED:
        size = min(9.0, 170 / max(count, 18))
        for row, column in zip(*np.nonzero(confusion), strict=True):
            dark = row == column or shares[row, column] > 0.6 * most
            style = {"ha": "center", "va": "center", "fontsize": size, "color": "white" if dark else "black"}
            axes.text(column, row, str(confusion[row, column]), **style)
    if title:
        figure.head(title)
    return figure


def _name(axes: Axes, names: Sequence[str]) -> None:
    """Write names along both sides; of very many, evenly spread ones."""
    step = -(-len(names) // MOST_NAMED)
    places = list(range(0, len(names), step))
    shown = [shortened(names[place], NAME) for place in places]
    size = 8 if len(names) <= MOST_COUNTED else 6
    upright = len(names) > 12 or max(map(len, shown)) > 3
    axes.set_xticks(places, labels=shown, fontsize=size, rotation=90 if upright else 0)
    axes.set_yticks(places, labels=shown, fontsize=size)
