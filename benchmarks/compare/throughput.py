"""Section `throughput`: training updates of the tutorial's network at several batch sizes, by program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.plots import draw_lines
from benchmarks.compare.programs import BACKENDS, keras, pellucid_updates, torch_script, torch_tight
from benchmarks.compare.tables import by_program, ratios, spread, table

OURS, PICTURE = "Pellucid, auto", "benchmarks-throughput.png"


def measure(bench: Bench) -> None:
    """All programs in turns."""
    ours = rate_options(bench)
    theirs = ("--data", bench.mnist(bench.scale.images), *ours)
    bench.interleave(
        [
            pellucid_updates(*ours),
            *(keras(backend, *theirs) for backend in BACKENDS),
            torch_script("--network", "tutorial", *theirs),
            torch_tight(*theirs),
            torch_tight(*theirs, precision="bf16"),
        ]
    )


def rate_options(bench: Bench) -> tuple[object, ...]:
    """What to measure, as options of every program."""
    return "--throughput", ",".join(map(str, bench.scale.sizes)), "--seconds", bench.scale.seconds


def rates(runs: list[dict[str, Any]], size: str) -> list[float]:
    """Images a second at one batch size, of each run."""
    return [run["images_per_second"][size] for run in runs]


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    programs = by_program(document["runs"])
    if OURS not in programs:
        return []
    sizes = list(programs[OURS][0]["images_per_second"])
    header = ["program", *(f"batch {size}" for size in sizes)]
    others = {name: runs for name, runs in programs.items() if name != OURS}
    faster = [
        [name, *(spread(ratios(rates(programs[OURS], size), rates(runs, size))) for size in sizes)]
        for name, runs in others.items()
    ]
    speeds = [[name, *(spread(rates(runs, size), 0) for size in sizes)] for name, runs in programs.items()]
    return [
        "Pellucid's images/s (recipe `tutorial`, precision chosen by itself) over each program's, measured for",
        f"at least {document['scale']['seconds']:g} s after a warm-up; compilation is not counted.",
        *table(header, faster),
        "Images/s:",
        *table(header, speeds),
        f"![Images a second against batch size]({PICTURE})",
    ]


def draw(document: dict[str, Any], folder: Path) -> None:
    """The section's picture."""
    lines = {
        name: {int(size): rates(runs, size) for size in runs[0]["images_per_second"]}
        for name, runs in by_program(document["runs"]).items()
    }
    draw_lines(lines, ("batch size, images", "training, images/s"), folder / PICTURE)
