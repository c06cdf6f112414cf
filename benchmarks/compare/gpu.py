"""Section `gpu`: trainings on a GPU, the first of a process and the later ones."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.programs import script
from benchmarks.compare.tables import mean_and_deviation, spread, table

TRAININGS = 5


def measure(bench: Bench) -> None:
    """Fresh processes that train several times; nothing where there is no GPU."""
    if not shutil.which("nvidia-smi"):
        print("gpu: there is no NVIDIA GPU here; left out", file=sys.stderr)
        return
    options = ("--data", bench.pellucid_data(), "--device", "cuda", "--trainings", TRAININGS)
    bench.interleave([script("Pellucid, fast", "pellucid_trainings.py", *options)])


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    runs = document["runs"]
    cold = [run["train_seconds"][0] for run in runs]
    warm = [seconds for run in runs for seconds in run["train_seconds"][1:]]
    accuracies = [100 * accuracy for run in runs for accuracy in run["test_accuracy"]]
    kinds = sorted({(run["device_name"], run["precision"]) for run in runs})
    rows = [["; ".join(map(", ".join, kinds)), spread(cold, 3), spread(warm, 3), mean_and_deviation(accuracies)]]
    return [
        f"Recipe `fast`, {TRAININGS} trainings in each of {len(runs)} fresh processes. All images lie on the GPU.",
        *table(["GPU", "first training, s", "later trainings, s", "test accuracy, %"], rows),
    ]
