"""Section `stall`: fresh processes, none of which may be much slower than the others."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.programs import pellucid_train
from benchmarks.compare.tables import figures, spread, table


def measure(bench: Bench) -> None:
    """The same training over and over."""
    data = bench.pellucid_data()
    for turn in range(bench.scale.processes):
        bench.run(pellucid_train("Pellucid, fast", data, "--no-validation", bench.scratch), round=turn)


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    seconds = figures(document["runs"], "fit_seconds")
    if not seconds:
        return []
    ratio = f"{max(seconds) / statistics.median(seconds):.3f}"
    row = [str(len(seconds)), ratio, spread(seconds)]
    return [
        "`pellucid train --no-validation`, each a fresh process. A stall would show as many times the median.",
        *table(["processes", "slowest / median", "training, s"], [row]),
    ]
