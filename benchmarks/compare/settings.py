"""Section `settings`: what Pellucid chooses by itself against each explicit setting and against the tight loop."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.processes import Program
from benchmarks.compare.programs import pellucid_updates, torch_tight
from benchmarks.compare.tables import by_program, ratios, spread, table
from benchmarks.compare.throughput import OURS, rate_options, rates

Programs = dict[str, list[dict[str, Any]]]
OTHERS = {"1 thread": ("--threads", 1), "channels first": ("--layout", "channels_first"), "compiled": ("--compile",)}


def measure(bench: Bench) -> None:
    """All settings in turns: precision and threads of Pellucid; those, the layout and compiling, of the tight loop."""
    ours = rate_options(bench)
    theirs = ("--data", bench.mnist(bench.scale.images), *ours)
    programs: list[Program] = [pellucid_updates(*ours)]
    for precision in ("fp32", "bf16"):
        programs.append(pellucid_updates(*ours, precision=precision))
        one = pellucid_updates(*ours, precision=precision, OMP_NUM_THREADS="1")
        programs.append(replace(one, name=f"{one.name}, 1 thread"))
        programs.append(torch_tight(*theirs, precision=precision))
        for setting, options in OTHERS.items():
            program = torch_tight(*theirs, *options, precision=precision)
            programs.append(replace(program, name=f"{program.name}, {setting}"))
    bench.interleave(programs)


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    programs = by_program(document["runs"])
    if OURS not in programs:
        return []
    sizes = list(programs[OURS][0]["images_per_second"])
    explicit = {name: runs for name, runs in programs.items() if name.startswith("Pellucid") and name != OURS}
    tight = {name: runs for name, runs in programs.items() if name.startswith("tight")}
    rows = [_row(programs[OURS], explicit, tight, size) for size in sizes if explicit and tight]
    header = ["batch", "auto / best setting", "Pellucid auto / best tight loop"]
    header += ["same, best setting", "chose", "best setting", "best tight loop"]
    every = [[name, *(spread(rates(runs, size), 0) for size in sizes)] for name, runs in programs.items()]
    return [
        "Images/s of the automatic choice over those of the best explicit setting and of the best tight loop; the best",
        "is the one with the greatest median, and ratios are taken round by round.",
        *table(header, rows),
        "Images/s of all settings:",
        *table(["program", *(f"batch {size}" for size in sizes)], every),
    ]


def _row(auto: list[dict[str, Any]], explicit: Programs, tight: Programs, size: str) -> list[str]:
    best, floor = _best(explicit, size), _best(tight, size)
    speeds, best_speeds, floor_speeds = rates(auto, size), rates(explicit[best], size), rates(tight[floor], size)
    chosen = "/".join(sorted({run["chosen"][size] for run in auto}))
    against = [
        spread(ratios(*pair)) for pair in ((speeds, best_speeds), (speeds, floor_speeds), (best_speeds, floor_speeds))
    ]
    return [size, *against, chosen, best, floor]


def _best(programs: Programs, size: str) -> str:
    return max(programs, key=lambda name: statistics.median(rates(programs[name], size)))
