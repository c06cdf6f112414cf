"""Pellucid's training updates: images a second of a recipe at several batch sizes, as its peers print them."""

from __future__ import annotations

import argparse

import numpy as np
import torch
from peers.measurement import UpdateClock, add_throughput, report, sizes

import pellucid as pl


class Rate(pl.Callback):
    """Ends the training when enough updates are measured."""

    def __init__(self, clock: UpdateClock) -> None:
        self.clock = clock

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        """Count the update; ask for the end when there were enough."""
        self.stop_training = self.clock.tick()


def measure(data: pl.DataSplits, recipe: str, precision: str, size: int, seconds: float) -> tuple[float, pl.Run]:
    """Images a second at one batch size, and the run that gave them."""
    clock, whole = UpdateClock(size, seconds), len(data.train) // size * size
    run = pl.fit(
        pl.DataSplits(data.name, data.train.subset(np.arange(whole)), None),
        recipe=recipe,
        batch_size=size,
        epochs=10**4,
        validation_split=None,
        precision=precision,
        callbacks=[Rate(clock)],
        progress=False,
    )
    return clock.images_per_second, run


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--recipe", default="tutorial")
    parser.add_argument("--precision", default="auto")
    add_throughput(parser)
    parser.set_defaults(throughput=sizes("1,10,128,1024"))
    options = parser.parse_args()
    data = pl.load_data(options.data)
    rates, chosen = {}, {}
    for size in options.throughput:
        rates[size], run = measure(data, options.recipe, options.precision, size, options.seconds)
        chosen[size] = run.record.environment.precision
    figures = {"images": len(data.train), "images_per_second": rates, "precision": options.precision, "chosen": chosen}
    report("pellucid", ("pellucid", "torch", "numpy"), backend="torch", recipe=options.recipe, **figures)


if __name__ == "__main__":
    main()
