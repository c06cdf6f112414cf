"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.data.dataset import DataSplits
from pellucid.data.mnist import load_mnist
from pellucid.errors import DataError, unknown

CATALOGUE: dict[str, Callable[[], DataSplits]] = {"mnist": load_mnist}


def load_data(name: str = "mnist") -> DataSplits:
    """Load a data set of the catalogue.

    Args:
        name: Its name.

    Returns:
        Its images as uint8, [count, height, width, channels], with labels and class names.

    Raises:
        DataError: No data set has that name, or its files are damaged.
    """
    if name not in CATALOGUE:
        raise DataError(str(unknown("data set", name, CATALOGUE)))
    return CATALOGUE[name]()
