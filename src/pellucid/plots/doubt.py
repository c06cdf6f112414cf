"""How doubt is spread over images, and from where on they are not answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from pellucid.language import tell
from pellucid.plots.figures import Figure

HELD_OUT: dict[str, Any] = {"color": "#0072B2", "linestyle": "-", "linewidth": 1.6}
JUDGED: dict[str, Any] = {"color": "#D55E00", "linestyle": "--", "linewidth": 1.6}
FEW_DECADES = 100  # the last edge over the first, up to which powers of ten are too few numbers on an axis


class Spread(Protocol):
    """A histogram of scores of doubt; see `Histogram` of `judge.unknown`."""

    @property
    def kind(self) -> str:
        """``foreign`` or ``doubtful``."""
        ...

    @property
    def limit(self) -> float:
        """The greatest score that is answered."""
        ...

    @property
    def edges(self) -> Sequence[float]:
        """Ends of the bins."""
        ...

    @property
    def held_out(self) -> Sequence[int]:
        """Held-out images in each bin."""
        ...

    @property
    def judged(self) -> Sequence[int]:
        """Judged images in each bin."""
        ...


def doubt_figure(histograms: Sequence[Spread], title: str) -> Figure:
    """Shares of held-out and judged images against their scores of doubt, with the limits.

    Args:
        histograms: One for each kind of doubt; see `Spread`.
        title: Text above the figure.
    """
    figure = Figure(4.6 * len(histograms), 3.8, "constrained")
    figure.head(title)
    for axes, histogram in zip(np.atleast_1d(figure.subplots(1, len(histograms))), histograms, strict=True):
        _spread(axes, histogram)
    return figure


def _spread(axes: Axes, histogram: Spread) -> None:
    rows = ((histogram.held_out, HELD_OUT, tell("held out in training")), (histogram.judged, JUDGED, tell("judged")))
    for counts, style, name in rows:
        axes.stairs(100 * np.asarray(counts) / max(sum(counts), 1), histogram.edges, label=name, **style)
    foreign = histogram.kind == "foreign"
    if foreign:
        few = histogram.edges[-1] < FEW_DECADES * histogram.edges[0]
        _logarithmic(axes.xaxis, (1, 2, 5) if few else (1,))
    axes.axvline(histogram.limit, color="0.25", linestyle=":", label=tell("limit"))
    axes.axvspan(histogram.limit, max(histogram.edges[-1], histogram.limit), color="0.5", alpha=0.12, linewidth=0)
    _logarithmic(axes.yaxis)
    axes.set_title(tell("unlike anything trained on") if foreign else tell("between classes"), fontsize=10)
    axes.set_xlabel(tell("squared distance to the nearest class") if foreign else tell("1 - greatest probability"))
    axes.set_ylabel(tell("share of the images (%, logarithmic)"))
    axes.grid(visible=True, color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8)


def _logarithmic(axis: XAxis | YAxis, digits: tuple[int, ...] = (1,)) -> None:
    """A logarithmic axis whose numbers, which begin with these digits, are written out: 0.1, 100, 1e6."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=digits))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("e+0", "e").replace("e+", "e")))
