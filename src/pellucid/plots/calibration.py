"""Reliability diagrams: how often answers are right, against how sure they are.

Before and after differ by colour, marker and filling, so that they can be told apart by colour-blind readers and in
grey print. Colours: Okabe and Ito 2008, "Color universal design".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from pellucid.plots.figures import Figure

STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#D55E00", "marker": "s", "markerfacecolor": "white"},
    {"color": "#0072B2", "marker": "o"},
)
LEAST_RANGE = 0.02  # of the axis of differences


@dataclass(frozen=True)
class Point:
    """Answers of about one confidence.

    Attributes:
        confidence: Their mean confidence.
        accuracy: Share of them that are right.
        interval: Interval of that share.
    """

    confidence: float
    accuracy: float
    interval: tuple[float, float]


def reliability_figure(
    series: Mapping[str, Sequence[Point]], labels: tuple[str, str, str, str], title: str = ""
) -> Figure:
    """The share of right answers against confidence, and how far both are apart, bin by bin.

    Args:
        series: One or two rows of points by their name, such as before and after; each from the least to the surest.
        labels: Of the axes: confidence, share of right answers, number of the bin, difference.
        title: Text above both panels.
    """
    figure = Figure(9, 4, "constrained")
    shares, differences = figure.subplots(1, 2)
    shares.plot((0, 1), (0, 1), color="0.6", linewidth=0.8, linestyle=":")
    differences.axhline(0, color="0.6", linewidth=0.8, linestyle=":")
    for (name, points), style in zip(series.items(), STYLES, strict=False):
        confidence, accuracy = [point.confidence for point in points], [point.accuracy for point in points]
        reach = [
            [max(0.0, point.accuracy - point.interval[0]) for point in points],
            [max(0.0, point.interval[1] - point.accuracy) for point in points],
        ]
        look = {"linestyle": "none", "markersize": 4, "elinewidth": 0.9, "capsize": 2, **style, "label": name}
        shares.errorbar(confidence, accuracy, reach, **look)
        aside = 0.12 if style is STYLES[1] else -0.12
        places = [number + 1 + aside for number in range(len(points))]
        differences.errorbar(places, [a - c for a, c in zip(accuracy, confidence, strict=True)], reach, **look)
    least = min(min(point.confidence, point.interval[0]) for points in series.values() for point in points)
    _finish(shares, *labels[:2])
    whole = (max(0.0, least - 0.03), 1.01)
    ticks = [tenth / 10 for tenth in range(11) if whole[0] <= tenth / 10]
    shares.set(xlim=whole, ylim=whole, xticks=ticks, yticks=ticks)
    _finish(differences, *labels[2:])
    low, high = differences.get_ylim()
    differences.set_ylim(min(low, -LEAST_RANGE), max(high, LEAST_RANGE))
    differences.legend(loc="best")
    if title:
        figure.head(title)
    return figure


def _finish(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
