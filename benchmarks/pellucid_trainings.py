"""Pellucid's trainings one after another in one process: the first is cold, the others find all warm."""

from __future__ import annotations

import argparse

from peers.measurement import report

import pellucid as pl


def main() -> None:
    """Train, judge each, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--trainings", type=int, default=5)
    options = parser.parse_args()
    data, runs = pl.load_data(options.data), []
    for seed in range(options.trainings):
        run = pl.fit(data, recipe=options.recipe, seed=seed, device=options.device, progress=False)
        run.evaluate()
        runs.append(run)
    environment = runs[0].record.environment
    report(
        "pellucid",
        ("pellucid", "torch", "numpy"),
        device_name=environment.device_name,
        precision=environment.precision,
        train_seconds=[run.record.results.train_seconds for run in runs],
        test_accuracy=[run.record.results.test.accuracy for run in runs],
    )


if __name__ == "__main__":
    main()
