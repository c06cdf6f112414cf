"""Measure Pellucid against what users would run instead, and make the page of it.

Run from the repository: `python -m benchmarks.compare [SECTION ...] [--rounds 5]`, then `python -m benchmarks.compare
report`. Without a section all of them are measured and reported.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.compare import (
    busy,
    gpu,
    growth,
    memory,
    predict,
    settings,
    stall,
    startup,
    throughput,
    time_to_accuracy,
)
from benchmarks.compare.bench import QUICK, Bench, Scale
from benchmarks.compare.report import Page, Picture, write_report

SECTIONS = {
    "time-to-accuracy": time_to_accuracy,
    "throughput": throughput,
    "settings": settings,
    "memory": memory,
    "startup": startup,
    "growth": growth,
    "stall": stall,
    "busy": busy,
    "predict": predict,
    "gpu": gpu,
}
MEASURES: dict[str, Callable[[Bench], None]] = {name: module.measure for name, module in SECTIONS.items()}
PAGES: dict[str, Page] = {name: module.page for name, module in SECTIONS.items()}
PICTURES: dict[str, Picture] = {
    "time-to-accuracy": time_to_accuracy.draw,
    "throughput": throughput.draw,
    "growth": growth.draw,
}


def main() -> None:
    """Measure the sections, or report."""
    arguments = _arguments()
    chosen = arguments.sections or [*SECTIONS, "report"]
    given = {name: getattr(arguments, name) for name in ("rounds", "seconds", "second_epochs", "seeds", "processes")}
    scale = QUICK if arguments.quick else Scale()
    scale = replace(scale, **{name: value for name, value in given.items() if value is not None})
    for section in (name for name in chosen if name != "report"):
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["PELLUCID_CACHE"] = f"{scratch}/cache"
            MEASURES[section](Bench(section, scale, arguments.out, Path(scratch)))
    if "report" in chosen:
        write_report(arguments.out, arguments.page, PAGES, PICTURES)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; report")
    parser.add_argument("--rounds", type=int, help="of every comparison  [default: 5]")
    parser.add_argument("--seconds", type=float, help="the least that a rate is measured  [default: 2]")
    parser.add_argument("--second-epochs", type=int, help="of the second point of `fast`  [default: 3]")
    parser.add_argument("--seeds", type=int, help="of the accuracy of `fast`  [default: 20]")
    parser.add_argument("--processes", type=int, help="that must not stall  [default: 20]")
    parser.add_argument("--quick", action="store_true", help="tiny runs, to see that everything works")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks.md"), help="the page")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.sections if name not in {*SECTIONS, "report"}]
    if unknown:
        parser.error(f"sections are {', '.join(SECTIONS)} and report; received {', '.join(unknown)}")
    if arguments.quick and Path("benchmarks/results") == arguments.out:
        parser.error("--quick needs --out FOLDER and --page FILE, so that real results are not replaced")
    return arguments


if __name__ == "__main__":
    main()
