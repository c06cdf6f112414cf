"""Section `startup`: seconds from start to end of commands that train nothing."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.processes import Program
from benchmarks.compare.programs import PELLUCID, pellucid_train
from benchmarks.compare.tables import by_program, figures, spread, table

COMMANDS = ("--help", "shapes", "runs", "doctor")
REFERENCES = {
    "python, nothing": "pass",
    "python, import torch": "import torch",
    "python, import keras (TensorFlow)": "import keras",
}


def measure(bench: Bench) -> None:
    """All commands in turns, after a first time that is not counted; `runs` finds one run."""
    home = bench.scratch / "startup"
    home.mkdir()
    bench.run(pellucid_train("a run to list", bench.mnist(500), "--epochs 1", home / "runs"), kind="preparation")
    programs = [Program(f"pellucid {command}", (PELLUCID, command), folder=home) for command in COMMANDS]
    for name, code in REFERENCES.items():
        environment = {"KERAS_BACKEND": "tensorflow"}
        programs.append(Program(name, (sys.executable, "-c", code), environment=environment, folder=home))
    for program in programs:
        bench.run(program, kind="warm-up")
    bench.interleave(programs, kind="round")


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    programs = by_program([run for run in document["runs"] if run["kind"] == "round"])
    rows = [[f"`{name}`", spread(figures(runs, "total_seconds"))] for name, runs in programs.items()]
    return ["The whole process; each was run once before, uncounted.", *table(["command", "seconds"], rows)]
