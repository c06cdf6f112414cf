"""The pictures of the page: labelled, in colours that colour-blind readers tell apart, readable in print."""

from __future__ import annotations

import statistics
from pathlib import Path

# Okabe and Ito 2008, without yellow, which is faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS, DASHES = "os^Dv*P", ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
DOTS_PER_INCH = 150


def draw_bars(figures: dict[str, list[float]], title: str, file: Path) -> None:
    """Medians as bars on a logarithmic axis, with lines from the least to the greatest."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    chart, axes = plt.subplots(figsize=(7, 0.6 + 0.42 * len(figures)), layout="constrained")
    names, medians = list(figures), [statistics.median(values) for values in figures.values()]
    lengths = [[middle - min(values) for middle, values in zip(medians, figures.values(), strict=True)]]
    lengths += [[max(values) - middle for middle, values in zip(medians, figures.values(), strict=True)]]
    colours = [COLOURS[0] if name.startswith("Pellucid") else "#BBBBBB" for name in names]
    axes.barh(names, medians, xerr=lengths, color=colours, ecolor="black", capsize=3)
    for row, middle in enumerate(medians):
        text = f"{middle:,.0f}" if middle >= 100 else f"{middle:.3g}"
        axes.annotate(text, (max(figures[names[row]]), row), (5, 0), textcoords="offset points", va="center")
    axes.set(xscale="log", xlabel=title, xlim=(min(medians) / 3, max(medians) * 5))
    axes.invert_yaxis()
    chart.savefig(file, dpi=DOTS_PER_INCH)
    plt.close(chart)


def draw_lines(figures: dict[str, dict[int, list[float]]], titles: tuple[str, str], file: Path) -> None:
    """Medians as lines on logarithmic axes, with lines from the least to the greatest.

    Args:
        figures: Program, then size, then a value each run.
        titles: Of both axes, with units.
        file: Where the picture goes.
    """
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    chart, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for row, (name, values) in enumerate(figures.items()):
        medians = [statistics.median(each) for each in values.values()]
        low = [middle - min(each) for middle, each in zip(medians, values.values(), strict=True)]
        high = [max(each) - middle for middle, each in zip(medians, values.values(), strict=True)]
        kind = row % len(COLOURS)
        style = {"color": COLOURS[kind], "marker": MARKERS[kind], "linestyle": DASHES[kind]}
        axes.errorbar(list(values), medians, yerr=[low, high], label=name, capsize=3, linewidth=1.5, **style)
    sizes = sorted({size for values in figures.values() for size in values})
    axes.set(xscale="log", yscale="log", xlabel=titles[0], ylabel=titles[1])
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.xaxis.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", color="#DDDDDD", linewidth=0.6)
    axes.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    chart.savefig(file, dpi=DOTS_PER_INCH)
    plt.close(chart)
