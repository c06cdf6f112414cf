"""Runs condensed to medians, spreads and ratios, and tables of them in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Runs = Sequence[dict[str, Any]]
Figure = Callable[[dict[str, Any]], float]


def by_program(runs: Runs) -> dict[str, list[dict[str, Any]]]:
    """Runs by name of their program, in order of appearance."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        found.setdefault(run["program"], []).append(run)
    return found


def figures(runs: Runs, figure: Figure | str) -> list[float]:
    """One figure of every run."""
    return [run[figure] if isinstance(figure, str) else figure(run) for run in runs]


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Ratios round by round."""
    return [first / second for first, second in zip(above, below, strict=False)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, with the least and greatest where there are several."""
    text = f"{statistics.median(values):,.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def mean_and_deviation(values: Sequence[float], digits: int = 3) -> str:
    """The mean and the standard deviation."""
    text = f"{statistics.mean(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {statistics.stdev(values):.{digits}f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table's lines; the first column stands to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return ["", *("| " + " | ".join(line) + " |" for line in (header, rule, *rows)), ""]
