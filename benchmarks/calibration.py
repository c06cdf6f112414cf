"""Calibration: how far probabilities are off on MNIST's test split, before and after a temperature is fitted.

Run with `make bench-calibration`. The temperature is fitted on validation images, every seed counts, and the test
images decide nothing.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

import pellucid as pl
from pellucid.judge.calibration import CalibrationScore, Reliability
from pellucid.words import counted

SEEDS = 5
LIMIT = 0.005  # of the error after fitting, for each seed
WAYS: dict[str, dict[str, Any]] = {
    "`fast`": {"recipe": "fast"},
    "`fast` without label smoothing": {"recipe": "fast", "label_smoothing": 0.0},
    "`tutorial`": {"recipe": "tutorial"},
}


def judged(folder: Path, how: dict[str, Any], seed: int) -> CalibrationScore:
    """A training judged on the test images; it is not made again where it lies in its folder already."""
    if not (folder / "model.safetensors").exists():
        pl.fit(pl.load_data("mnist"), seed=seed, out=folder, progress=False, **how)
    run = pl.load_run(folder)
    found = run.evaluate().calibration
    if run.record.status != "done" or found is None or found.temperature is None:
        raise RuntimeError("The training did not come to its end, or the run is not calibrated.")
    return found


def told(values: list[float], form: str) -> str:
    """Mean and standard deviation."""
    spread = f" ± {format(statistics.stdev(values), form)}" if len(values) > 1 else ""
    return f"{format(statistics.mean(values), form)}{spread}"


def means(found: dict[str, list[CalibrationScore]]) -> Iterator[str]:
    """A row for each way of training, before and after."""
    yield "| training | seeds | temperature | | calibration error | by chance | Brier score | log loss |"
    yield "|---|---|---|---|---|---|---|---|"
    for way, scores in found.items():
        temperature = told([score.temperature or 1.0 for score in scores], ".3f")
        yield f"| {way} | {len(scores)} | {temperature} | before | {figures([score.before for score in scores])} |"
        yield f"| | | | after | {figures([score.after for score in scores])} |"


def figures(some: list[Reliability]) -> str:
    """The cells of one row."""
    columns = [
        told([100 * one.error for one in some], ".2f"),
        told([100 * one.error_by_chance for one in some], ".2f"),
        told([one.brier for one in some], ".5f"),
        told([one.log_loss for one in some], ".5f"),
    ]
    return " | ".join(columns)


def seeds(found: dict[str, list[CalibrationScore]]) -> Iterator[str]:
    """A row for each training: its error with the interval, after fitting."""
    yield "| training | seed | before | after | 95% interval |"
    yield "|---|---|---|---|---|"
    for way, scores in found.items():
        for seed, score in enumerate(scores):
            low, high = score.after.error_interval
            after = f"{score.after.error:.2%} | {low:.2%} to {high:.2%}"
            yield f"| {way} | {seed} | {score.before.error:.2%} | {after} |"


def measured(runs: Path) -> dict[str, list[CalibrationScore]]:
    """All trainings."""
    found: dict[str, list[CalibrationScore]] = {}
    for way, how in WAYS.items():
        for seed in range(SEEDS):
            score = judged(runs / f"{way}-{seed}".replace("`", "").replace(" ", "-"), how, seed)
            print(way, seed, score.before.error, score.after.error, file=sys.stderr, flush=True)
            found.setdefault(way, []).append(score)
    return found


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/calibration-benchmark.md"))
    parser.add_argument("--runs", type=Path, help="where runs are kept; those that are there are not made anew")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(given.runs or Path(scratch))
    worst = max(score.after.error for scores in found.values() for score in scores)
    machine = f"{platform.machine()}, {counted(torch.get_num_threads(), 'thread')}; torch {torch.__version__}"
    text = f"""# Calibration

Made by `make bench-calibration`: MNIST, mean ± standard deviation over seeds, judged on the test split's 10,000 images.
The temperature of each run was fitted on its own validation images, a tenth of the training images.
Machine: {machine}.

The calibration error (in percent) is the expected calibration error over 15 bins of equally many images. By chance is
what it would be on average if every probability were true: an error of that size shows no fault. The log loss is in
nats.

{chr(10).join(means(found))}

The greatest error of a single training after fitting is {worst:.2%}; it is to be at most {LIMIT:.1%}.

`fast` trains with label smoothing, which gives the right class less than it deserves: its answers are less sure of
themselves than they are right, and the temperature is below 1. One above 1 tells of answers that are too sure.

## Each training
{chr(10).join(seeds(found))}
"""
    given.out.write_text(text)
    print(text)
    if worst > LIMIT:
        sys.exit(f"The calibration error after fitting must be at most {LIMIT:.1%}; received {worst:.2%}.")


if __name__ == "__main__":
    main()
