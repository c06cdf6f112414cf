"""A trained run at work: images a second of evaluation and of prediction, as keras_tutorial.py prints them."""

from __future__ import annotations

import argparse

from peers.measurement import rate, report

import pellucid as pl


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    run = pl.load_run(options.run)
    run.evaluate()
    if run.data is None:
        parser.error("the run has no data")
    images = run.data.test.images
    rates = {
        "evaluate": rate(run.evaluate, len(images), options.seconds),
        "predict": rate(lambda: run.probabilities(images), len(images), options.seconds),
        "one image a call": rate(lambda: run.probabilities(images[:1]), 1, options.seconds),
    }
    report("pellucid", ("pellucid", "torch", "numpy"), backend="torch", images_per_second=rates)


if __name__ == "__main__":
    main()
