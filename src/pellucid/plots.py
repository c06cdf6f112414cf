"""Figures from plain results: each takes axes or makes its own, and returns the figure. No display is needed.

Lines differ by colour, dash and marker, so that they can be told apart by colour-blind readers and in grey print.
Colours: Okabe and Ito 2008, "Color universal design".
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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
        title: Stands above both panels.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    accuracy, loss = figure.subplots(1, 2)
    curve(accuracy, history, "accuracy", "accuracy (share of right answers)")
    curve(loss, history, "loss", "loss (cross-entropy, nats)")
    accuracy.legend()
    loss.legend()
    if title:
        figure.suptitle(title, fontsize=11)
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


def image_grid(images: Sequence[Any], titles: Sequence[str], title: str = "", columns: int = 10) -> Figure:
    """Images in a grid, each with its title; grey ones on a scale from black to white.

    Args:
        images: Each [height, width, channels], uint8, or floats in [0, 1].
        titles: One for each image.
        title: Stands above all.
        columns: How many stand side by side.
    """
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.1 * columns, 1.35 * rows + 0.4), layout="constrained")
    for axes, image, text in zip(figure.subplots(rows, columns, squeeze=False).flat, images, titles, strict=False):
        most = 1.0 if image.dtype.kind == "f" else 255
        axes.imshow(image.squeeze(-1) if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=most)
        axes.set_title(text, fontsize=8)
    for axes in figure.axes:
        axes.set_axis_off()
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def render(figure: Figure, kind: str = "png") -> bytes:
    """The bytes of a figure's file.

    Args:
        figure: What to draw.
        kind: ``png`` or ``svg``.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()
