"""Write MNIST, as Pellucid has it, to an .npz file that every program of the benchmarks reads.

Counts above 60,000 repeat the training images.
"""

from __future__ import annotations

import argparse

import numpy as np

import pellucid as pl


def main() -> None:
    """Write x_train, y_train, x_test and y_test: uint8 [count, 28, 28] and labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--test-images", type=int, default=10_000)
    arguments = parser.parse_args()
    data = pl.load_data("mnist")
    rows = np.arange(arguments.images) % len(data.train)
    tests = slice(arguments.test_images)
    np.savez(
        arguments.file,
        x_train=data.train.images[rows, ..., 0],
        y_train=data.train.labels[rows].astype(np.uint8),
        x_test=data.test.images[tests, ..., 0],
        y_test=data.test.labels[tests].astype(np.uint8),
    )


if __name__ == "__main__":
    main()
