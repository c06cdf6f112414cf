"""Section `busy`: trainings beside busy processes, and two at once, by what OpenMP's threads do while they wait."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.programs import pellucid_train
from benchmarks.compare.tables import ratios, spread, table

WORKS = {"fast": "--recipe fast --no-validation", "tutorial": "--recipe tutorial --epochs 1"}
OURS = "Pellucid's own"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    OURS: {},
    "OpenMP's default": {"PELLUCID_SPIN": "default"},
    "GOMP_SPINCOUNT=0": {"GOMP_SPINCOUNT": "0"},
    "OMP_NUM_THREADS=1": {"OMP_NUM_THREADS": "1"},
}
VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "PELLUCID_SPIN", "OMP_NUM_THREADS")
IDLE, TWO_TRAININGS = "nothing", "another training"
BUSY_PROCESSES = {IDLE: 0, "one busy process": 1, "two busy processes": 2, TWO_TRAININGS: 0}
# It ends by itself should the benchmark be killed.
ENDLESS = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10**6): pass"

Seconds = dict[tuple[str, str, str], list[float]]


def measure(bench: Bench) -> None:
    """Every training in every setting beside everything, once a round."""
    with _without(*VARIABLES):
        for turn in range(bench.scale.rounds):
            for work in WORKS:
                for beside, processes in BUSY_PROCESSES.items():
                    with _busy(processes):
                        _train(bench, turn, work, beside)


def _train(bench: Bench, turn: int, work: str, beside: str) -> None:
    """The training in all settings; where it stands beside another, that one is the same and is kept too."""
    for setting, environment in SETTINGS.items():
        programs = [
            replace(
                pellucid_train(f"Pellucid, {work}", bench.pellucid_data(), WORKS[work], bench.scratch),
                environment=environment,
            )
            for _ in range(2 if beside == TWO_TRAININGS else 1)
        ]
        bench.run_at_once(programs, work=work, beside=beside, setting=setting, round=turn)


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Within this context so many processes each keep one core busy."""
    processes = [subprocess.Popen([sys.executable, "-c", ENDLESS]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Within this context these environment variables are not set."""
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    seconds, cores = _seconds(document), document["machine"]["cores"]
    one, two = (f"{_fair(beside, cores):.2f}" for beside in ("one busy process", "two busy processes"))
    lines = [
        "Seconds of a training beside other work, by what OpenMP's threads do while they wait: Pellucid's own setting;",
        "OpenMP's default (`PELLUCID_SPIN=default`), which spins; no spinning at all; one thread. A busy process is an",
        "endless loop. Of two trainings that are started at once the slower one counts.",
        "A fair share is what is left where all threads get the same. It makes a training with a thread a core, here",
        f"{cores}, last {one} times as long beside one busy process, {two} beside two, and 2 beside another training.",
    ]
    for work, options in WORKS.items():
        idle = seconds.get((work, IDLE, OURS))
        if idle:
            lines += ["", f"`pellucid train {options}`, seconds:", *_table_of_seconds(seconds, work)]
            lines += [f"Times as long as with {OURS} setting beside nothing:", *_table_of_ratios(seconds, work, cores)]
            lines += _verdict(seconds, work, cores)
    return lines


def _fair(beside: str, cores: int) -> float:
    """How many times as long a training with a thread a core takes where all threads get the same."""
    others = cores if beside == TWO_TRAININGS else BUSY_PROCESSES[beside]
    return (cores + others) / cores


def _seconds(document: dict[str, Any]) -> Seconds:
    """Seconds of each round by work, what stands beside it, and setting; of trainings at once the slowest."""
    rounds: dict[tuple[str, str, str], dict[int, float]] = {}
    for run in document["runs"]:
        found = rounds.setdefault((run["work"], run["beside"], run["setting"]), {})
        found[run["round"]] = max(found.get(run["round"], 0.0), run["fit_seconds"])
    return {key: list(found.values()) for key, found in rounds.items()}


def _table_of_seconds(seconds: Seconds, work: str) -> list[str]:
    rows = []
    for beside in BUSY_PROCESSES:
        each = (seconds.get((work, beside, setting)) for setting in SETTINGS)
        rows.append([beside, *(spread(values) if values else "-" for values in each)])
    return table(["beside", *SETTINGS], rows)


def _table_of_ratios(seconds: Seconds, work: str, cores: int) -> list[str]:
    idle, rows = seconds[work, IDLE, OURS], []
    for beside in BUSY_PROCESSES:
        each = (seconds.get((work, beside, setting)) for setting in SETTINGS)
        cells = [spread(ratios(values, idle)) if values else "-" for values in each]
        rows.append([beside, f"{_fair(beside, cores):.2f}", *cells])
    return table(["beside", "fair share", *SETTINGS], rows)


def _verdict(seconds: Seconds, work: str, cores: int) -> list[str]:
    """How each setting stands to the fair share, as a line of text."""
    idle, told = seconds[work, IDLE, OURS], []
    for setting in SETTINGS:
        over = [
            statistics.median(ratios(seconds[work, beside, setting], idle)) / _fair(beside, cores)
            for beside in BUSY_PROCESSES
            if beside != IDLE and (work, beside, setting) in seconds
        ]
        if over:
            told.append(f"{setting} {min(over):.2f} to {max(over):.2f}")
    return [f"Times the fair share, over all that it was measured beside: {'; '.join(told)}."] if told else []
