"""Accuracy and loss against epoch.

Lines differ by colour, dash and marker, so that they can be told apart by colour-blind readers and in grey print.
Colours: Okabe and Ito 2008, "Color universal design".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pellucid.language import tell
from pellucid.plots.figures import Figure
from pellucid.text import shortened

TRAIN: dict[str, Any] = {"color": "#0072B2", "linestyle": "-", "marker": "o"}
LONG_NAME = 40  # columns of a name in a legend
LOOKS = (
    ("#0072B2", "-", "o"),
    ("#D55E00", "--", "s"),
    ("#009E73", "-.", "^"),
    ("#CC79A7", ":", "D"),
    ("#56B4E9", (0, (5, 1, 1, 1, 1, 1)), "v"),
)
VALIDATION: dict[str, Any] = {"color": "#D55E00", "linestyle": "--", "marker": "s"}


def curves(history: Mapping[str, Sequence[float]], title: str = "") -> Figure:
    """Accuracy and loss against epoch, train and validation.

    Args:
        history: Columns epoch, accuracy, loss, val_accuracy, val_loss; a value that is not known is NaN.
        title: Text above both panels.
    """
    figure = Figure(9, 3.8, "constrained")
    accuracy, loss = figure.subplots(1, 2)
    curve(accuracy, history, "accuracy", tell("accuracy (share of right answers)"))
    curve(loss, history, "loss", tell("loss (cross-entropy, nats)"))
    accuracy.legend()
    loss.legend()
    if title:
        figure.head(title)
    return figure


def curves_beside(histories: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Accuracy and loss of several runs against epoch, on the validation split; without one on the training images.

    Args:
        histories: Columns as of `curves`, by the name of the run.
    """
    figure = Figure(9, 3.8 + 0.22 * len(histories), "constrained")
    panels = figure.subplots(1, 2)
    texts = (tell("accuracy (share of right answers)"), tell("loss (cross-entropy, nats)"))
    for axes, column, label in zip(panels, ("accuracy", "loss"), texts, strict=True):
        for place, (name, history) in enumerate(histories.items()):
            colour, dash, marker = LOOKS[place % len(LOOKS)]
            known = any(value == value for value in history[f"val_{column}"])
            values = history[f"val_{column}" if known else column]
            axes.plot(
                history["epoch"],
                values,
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=4,
                label=shortened(name, LONG_NAME),
            )
        _finish(axes, label)
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower left", frameon=False)
    return figure


def curve(axes: Axes, history: Mapping[str, Sequence[float]], column: str, label: str) -> Axes:
    """One column of the history against epoch, train and validation."""
    epochs = history["epoch"]
    axes.plot(epochs, history[column], markersize=4, label=tell("train (mean over the epoch)"), **TRAIN)
    validation = history[f"val_{column}"]
    if any(value == value for value in validation):
        axes.plot(epochs, validation, markersize=4, label=tell("validation (after the epoch)"), **VALIDATION)
    return _finish(axes, label)


def _finish(axes: Axes, label: str) -> Axes:
    axes.set_xlabel(tell("epoch"))
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(visible=True, color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return axes
