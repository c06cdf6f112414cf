"""Section `gpu`: trainings of each recipe on a GPU, the first of a process and the later ones."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.programs import script
from benchmarks.compare.tables import by_program, mean_and_deviation, spread, table

TRAININGS = {"fast": 5, "tutorial": 3, "tiny": 2, "accurate": 2}
NAME = "Pellucid, {}"


def measure(bench: Bench) -> None:
    """Fresh processes that each train one recipe several times; nothing where there is no GPU."""
    if not shutil.which("nvidia-smi"):
        print("gpu: there is no NVIDIA GPU here; left out", file=sys.stderr)
        return
    options = ("--data", bench.pellucid_data(), "--device", "cuda")
    bench.interleave(
        [
            script(NAME.format(recipe), "pellucid_trainings.py", *options, "--recipe", recipe, "--trainings", trainings)
            for recipe, trainings in TRAININGS.items()
        ]
    )


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    programs = by_program(document["runs"])
    found = {recipe: programs[NAME.format(recipe)] for recipe in TRAININGS if NAME.format(recipe) in programs}
    header = ["recipe", "GPU", "first training, s", "later trainings, s", "test accuracy, %", "processes x trainings"]
    return [
        "Each recipe is trained several times, one training after another, in each of several fresh processes. All",
        "images lie on the GPU.",
        *table(header, [_row(recipe, runs) for recipe, runs in found.items()]),
    ]


def _row(recipe: str, runs: list[dict[str, Any]]) -> list[str]:
    first = [run["train_seconds"][0] for run in runs]
    later = [seconds for run in runs for seconds in run["train_seconds"][1:]]
    accuracies = [100 * accuracy for run in runs for accuracy in run["test_accuracy"]]
    kinds = "; ".join(map(", ".join, sorted({(run["device_name"], run["precision"]) for run in runs})))
    times = spread(first, 3), spread(later, 3) if later else "-"
    return [
        f"`{recipe}`",
        kinds,
        *times,
        mean_and_deviation(accuracies),
        f"{len(runs)} x {len(accuracies) // len(runs)}",
    ]
