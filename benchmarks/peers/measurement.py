"""What the measured programs share: their arguments, a clock for updates, and the line that each prints."""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

FEWEST_WARM_UP_UPDATES = 10
FEWEST_MEASURED_UPDATES = 5


def arguments(description: str | None, epochs: int, batch_size: int) -> argparse.ArgumentParser:
    """The arguments that every program takes.

    Args:
        description: What the program is.
        epochs: Its usual passes over the training images.
        batch_size: Its usual images in a mini-batch.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", default="mnist.npz", help="made by mnist_npz.py")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--images", type=int, help="only the first so many training images")
    parser.add_argument("--seed", type=int, default=0)
    add_throughput(parser)
    return parser


def add_throughput(parser: argparse.ArgumentParser) -> None:
    """The arguments of a measurement of updates in place of a training."""
    parser.add_argument("--throughput", type=sizes, metavar="SIZE,SIZE", help="measure updates at these batch sizes")
    parser.add_argument("--seconds", type=float, default=2.0, help="the least to measure at each size")


def sizes(text: str) -> list[int]:
    """Batch sizes, as 1,10,128."""
    return [int(size) for size in text.split(",")]


class UpdateClock:
    """Counts updates of the weights, leaves the first ones out, and says when there are enough.

    The time of the first update, in which some programs compile, and of a warm-up after it is not counted.
    """

    def __init__(self, batch_size: int, seconds: float) -> None:
        self.batch_size, self.seconds = batch_size, seconds
        self.updates, self.updates_before = 0, 0
        self.first = self.started = self.images_per_second = 0.0

    def tick(self, synchronise: Callable[[], object] = lambda: None) -> bool:
        """An update was made, or at least begun.

        Args:
            synchronise: Waits until all updates so far are made.

        Returns:
            Whether the measurement is done.
        """
        self.updates += 1
        now = time.perf_counter()
        self.first = self.first or now
        if not self.started:
            if self.updates >= FEWEST_WARM_UP_UPDATES and now - self.first >= self.seconds / 4:
                synchronise()
                self.started, self.updates_before = time.perf_counter(), self.updates
            return False
        counted = self.updates - self.updates_before
        if counted < FEWEST_MEASURED_UPDATES or now - self.started < self.seconds:
            return False
        synchronise()
        self.images_per_second = counted * self.batch_size / (time.perf_counter() - self.started)
        return True


def rate(work: Callable[[], object], images: int, seconds: float) -> float:
    """Images a second of a work that takes so many of them, after a first time that is not counted."""
    work()
    times, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        work()
        times += 1
    return times * images / (time.perf_counter() - started)


def report(program: str, libraries: tuple[str, ...], **figures: Any) -> None:
    """Print the one line: a JSON document with the figures, the peak memory and the versions."""
    versions = {"python": platform.python_version()} | {library: version(library) for library in libraries}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_memory_mib = peak / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps({"program": program, **figures, "peak_memory_mib": peak_memory_mib, "versions": versions}))
