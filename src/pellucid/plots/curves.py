"""Accuracy and loss against epoch.

Lines differ by colour, dash and marker, so that they can be told apart by colour-blind readers and in grey print.
Colours: Okabe and Ito 2008, "Color universal design".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pellucid.plots.figures import Figure

TRAIN: dict[str, Any] = {"color": "#0072B2", "linestyle": "-", "marker": "o", "label": "train (mean over the epoch)"}
VALIDATION: dict[str, Any] = {
    "color": "#D55E00",
    "linestyle": "--",
    "marker": "s",
    "label": "validation (after the epoch)",
}


def curves(history: Mapping[str, Sequence[float]], title: str = "") -> Figure:
    """Accuracy and loss against epoch, train and validation.

    Args:
        history: Columns epoch, accuracy, loss, val_accuracy, val_loss; a value that is not known is NaN.
        title: Text above both panels.
    """
    figure = Figure(9, 3.8, "constrained")
    accuracy, loss = figure.subplots(1, 2)
    curve(accuracy, history, "accuracy", "accuracy (share of right answers)")
    curve(loss, history, "loss", "loss (cross-entropy, nats)")
    accuracy.legend()
    loss.legend()
    if title:
        figure.head(title)
    return figure


def curve(axes: Axes, history: Mapping[str, Sequence[float]], column: str, label: str) -> Axes:
    """One column of the history against epoch, train and validation."""
    epochs = history["epoch"]
    axes.plot(epochs, history[column], markersize=4, **TRAIN)
    validation = history[f"val_{column}"]
    if any(value == value for value in validation):
        axes.plot(epochs, validation, markersize=4, **VALIDATION)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(visible=True, color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return axes
