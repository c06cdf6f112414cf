"""Figures of studies: repetitions as points, their mean and its spread.

Colours and markers as in `plots.curves`; each series differs in both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pellucid.plots.figures import Figure
from pellucid.text import shortened

Point = tuple[float, float, float] | None  # mean, least, greatest
Interval = tuple[float, float]
SERIES: list[dict[str, Any]] = [
    {"color": "#0072B2", "marker": "o", "linestyle": "-"},
    {"color": "#D55E00", "marker": "s", "linestyle": "--"},
    {"color": "#009E73", "marker": "^", "linestyle": "-."},
    {"color": "#CC79A7", "marker": "D", "linestyle": ":"},
    {"color": "#56B4E9", "marker": "v", "linestyle": (0, (5, 1, 1, 1, 1, 1))},
]
PANEL = (4.6, 3.6)  # inches
MANY_TICKS = 10_000  # ratio of the ends of an axis
LONG_NAME = 18  # columns of a name beside an axis


def seeds_figure(
    seeds: Sequence[int], accuracies: Mapping[str, Sequence[float]], seconds: Sequence[float], title: str
) -> Figure:
    """Accuracy and training time by seed, with their means.

    Args:
        seeds: The seed of each training.
        accuracies: Accuracy of each training, by split; an empty split is left out.
        seconds: Durations of the trainings.
        title: Text above the figure.
    """
    figure, (left, right) = _panels(2, title)
    for style, (split, values) in zip(SERIES, accuracies.items(), strict=False):
        if values:
            _points_and_mean(left, seeds, [100 * value for value in values], split, style, "%")
    _points_and_mean(right, seeds, seconds, "training", SERIES[2], " s")
    _finish(left, "seed", "accuracy (%)")
    _finish(right, "seed", "training time (s)")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _legend(axes)
    right.set_ylim(0, 1.4 * max(seconds, default=1))
    return figure


def folds_figure(accuracies: Sequence[float], title: str) -> Figure:
    """Accuracy on each fold, and the mean.

    Args:
        accuracies: Accuracy on each fold.
        title: Text above the figure.
    """
    figure, (axes,) = _panels(1, title)
    _points_and_mean(
        axes, range(len(accuracies)), [100 * value for value in accuracies], "fold held out", SERIES[0], "%"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _legend(axes)
    _finish(axes, "fold", "accuracy (%)")
    return figure


def compare_figure(
    accuracies: Mapping[str, Sequence[float]],
    pairs: Sequence[tuple[str, float, Interval | None, Interval]],
    label: str,
    title: str,
) -> Figure:
    """Accuracies of contenders by seed, and the difference of each pair with its interval.

    Args:
        accuracies: Accuracy from each seed, by contender.
        pairs: (name, difference, interval over seeds if there are several, interval over images) of each pair.
        label: What the accuracies are.
        title: Text above the figure.
    """
    figure, (left, right) = _panels(2, title)
    for place, (style, values) in enumerate(zip(_styles(len(accuracies)), accuracies.values(), strict=True)):
        shown = [100 * value for value in values]
        left.plot([place] * len(shown), shown, linestyle="", color=style["color"], marker=style["marker"], alpha=0.7)
        left.plot([place - 0.2, place + 0.2], [np.mean(shown)] * 2, color="0.2")
    left.set_xticks(
        range(len(accuracies)), [shortened(name, LONG_NAME) for name in accuracies], rotation=20, ha="right"
    )
    left.set_xlim(-0.6, len(accuracies) - 0.4)
    left.set_title("each seed, and the mean", fontsize=10)
    for place, (_, difference, seeds, images) in enumerate(pairs):
        for offset, interval, name, style in ((-0.1, images, "over images", 0), (0.1, seeds, "over seeds", 1)):
            if interval is not None:
                look = {key: SERIES[style][key] for key in ("color", "marker")}
                reach = np.maximum([[difference - interval[0]], [interval[1] - difference]], 0)
                at, label_once = [place + offset], name if place == 0 else None
                right.errorbar([100 * difference], at, xerr=100 * reach, capsize=4, label=label_once, **look)
    right.axvline(0, color="0.4", linestyle="--")
    together = ", which hold together" if len(pairs) > 1 else ""
    right.set_title(f"differences with 95% intervals{together}", fontsize=10)
    right.set_yticks(range(len(pairs)), [shortened(name, LONG_NAME) for name, *_ in pairs])
    right.set_ylim(len(pairs) - 0.5, -0.5)
    right.legend(fontsize=8)
    _finish(left, "", f"{label} (%)")
    _finish(right, "difference (percentage points)", "")
    return figure


def range_figure(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float]]],
    marks: Mapping[str, float],
    title: str,
) -> Figure:
    """Loss against learning rate.

    Args:
        lines: Learning rates, losses and smoothed losses of each line, by its name.
        marks: Learning rates to point out, by name.
        title: Text above the figure.
    """
    figure, (axes,) = _panels(1, title, width=1.5)
    top = max(smooth[0] for _, _, smooth in lines.values())
    for style, (name, (rates, losses, smoothed)) in zip(_styles(len(lines)), lines.items(), strict=True):
        axes.plot(rates, losses, linestyle="", marker=".", markersize=2.5, color=style["color"], alpha=0.35)
        axes.plot(rates, smoothed, color=style["color"], linestyle=style["linestyle"], label=shortened(name, LONG_NAME))
    for dash, (name, rate) in zip(("-", "-.", "--", ":"), marks.items(), strict=False):
        axes.axvline(rate, color="0.25", linestyle=dash, linewidth=1.2, label=f"{name}: {rate:.2g}")
    _logarithmic(axes.xaxis)
    axes.set_ylim(0, 1.6 * top)
    axes.legend(fontsize=8, loc="lower left")
    _finish(axes, "learning rate (logarithmic)", "loss (cross-entropy, nats)")
    return figure


def batch_speed_figure(
    sizes: Sequence[int], epoch_seconds: Sequence[Point], images_per_second: Sequence[Point], title: str
) -> Figure:
    """Time of an epoch and images a second against the size of a mini-batch."""
    figure, (left, right) = _panels(2, title)
    _bars(left, sizes, epoch_seconds, SERIES[0])
    _bars(right, sizes, images_per_second, SERIES[1])
    for axes, label in ((left, "time of an epoch (s)"), (right, "images a second")):
        _sized(axes, sizes, label)
        _logarithmic(axes.yaxis)
    return figure


def batch_stability_figure(
    sizes: Sequence[int], loss_deviation: Sequence[Point], noise_scale: Sequence[Point], title: str
) -> Figure:
    """How far the loss jumps from update to update, and the gradient noise scale, against the size."""
    figure, (left, right) = _panels(2, title)
    _bars(left, sizes, loss_deviation, SERIES[0])
    _bars(right, sizes, noise_scale, SERIES[1])
    right.plot(sizes, sizes, color="0.4", linestyle=":", label="as large as the batch")
    right.legend(fontsize=8)
    left.set_ylim(bottom=0)
    _sized(left, sizes, "spread of the loss between updates (nats)")
    _sized(right, sizes, "gradient noise scale (images)")
    _logarithmic(right.yaxis)
    return figure


def batch_accuracy_figure(sizes: Sequence[int], views: Mapping[str, Sequence[Point]], title: str) -> Figure:
    """Validation accuracy against the size, after equal epochs, updates and time.

    Args:
        sizes: Images in a mini-batch.
        views: A point or None for each size, by what it is measured after.
        title: Text above the figure.
    """
    figure, panels = _panels(len(views), title)
    for axes, style, (name, points) in zip(panels, SERIES, views.items(), strict=False):
        _bars(axes, sizes, [None if p is None else tuple(100 * v for v in p) for p in points], style)
        axes.set_title(f"after {name}", fontsize=10)
        _sized(axes, sizes, "validation accuracy (%)")
    return figure


def search_figure(
    trials: Sequence[tuple[int, float, str]],
    values: Mapping[str, Sequence[Any]],
    logarithmic: Collection[str],
    title: str,
) -> Figure:
    """Validation accuracy trial by trial, and against what was chosen.

    Args:
        trials: (number, accuracy, state) of each trial that came to an accuracy.
        values: What each trial chose, by entry of the space.
        logarithmic: Entries of the space with a logarithmic axis.
        title: Text above the figure.
    """
    figure, (first, *others) = _panels(1 + len(values), title)
    states = {state: [trial for trial in trials if trial[2] == state] for state in ("complete", "pruned")}
    for style, (state, found) in zip(SERIES, states.items(), strict=False):
        points = [number for number, _, _ in found], [100 * accuracy for _, accuracy, _ in found]
        first.plot(*points, linestyle="", color=style["color"], marker=style["marker"], label=state)
    complete = states["complete"]
    best = np.maximum.accumulate([100 * accuracy for _, accuracy, _ in complete]) if complete else []
    first.step([number for number, _, _ in complete], best, where="post", color="0.3", label="best so far")
    first.legend(fontsize=8)
    _finish(first, "trial", "validation accuracy (%)")
    for axes, (name, chosen) in zip(others, values.items(), strict=True):
        places = chosen
        if not all(isinstance(value, int | float) for value in chosen):
            kinds = sorted({str(value) for value in chosen})
            places = [kinds.index(str(value)) for value in chosen]
            axes.set_xticks(range(len(kinds)), [shortened(kind, LONG_NAME) for kind in kinds], rotation=20, ha="right")
        axes.plot(places, [100 * accuracy for _, accuracy, _ in trials], linestyle="", **_dots(SERIES[2]))
        if name in logarithmic:
            _logarithmic(axes.xaxis)
        _finish(axes, name, "validation accuracy (%)")
    return figure


def _dots(style: dict[str, Any]) -> dict[str, Any]:
    return {"color": style["color"], "marker": style["marker"], "alpha": 0.7}


def _panels(count: int, title: str, width: float = 1.0) -> tuple[Figure, list[Axes]]:
    figure = Figure(count * width * PANEL[0], PANEL[1], "constrained")
    figure.head(title)
    return figure, list(np.atleast_1d(figure.subplots(1, count)))


def _points_and_mean(
    axes: Axes, places: Sequence[int], values: Sequence[float], name: str, style: dict[str, Any], unit: str
) -> None:
    if not values:
        axes.text(0.5, 0.5, "nothing came to its end", transform=axes.transAxes, ha="center")
        return
    axes.plot(places, values, color=style["color"], marker=style["marker"], linestyle="", label=name)
    mean = float(np.mean(values))
    axes.axhline(mean, color=style["color"], linestyle=style["linestyle"], label=f"mean {mean:.2f}{unit}")


def _legend(axes: Axes) -> None:
    """A legend, unless there is nothing to name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


def _bars(axes: Axes, sizes: Sequence[int], points: Sequence[Any], style: dict[str, Any]) -> None:
    """Means with bars from the least to the greatest."""
    known = [(size, *point) for size, point in zip(sizes, points, strict=True) if point is not None]
    if not known:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center")
        return
    places, means, least, greatest = (np.array(column, float) for column in zip(*known, strict=True))
    axes.errorbar(places, means, yerr=np.maximum([means - least, greatest - means], 0), capsize=4, **style)


def _sized(axes: Axes, sizes: Sequence[int], label: str) -> None:
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    _finish(axes, "batch size (images); bars: least to greatest seed", label)


def _logarithmic(axis: XAxis | YAxis) -> None:
    """A logarithmic axis whose numbers are written out, all powers of ten and, where these are few, two between."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    least, greatest = axis.get_data_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if greatest < MANY_TICKS * least else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_locator(NullLocator())


def _finish(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(visible=True, color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _styles(count: int) -> list[dict[str, Any]]:
    return [SERIES[place % len(SERIES)] for place in range(count)]
