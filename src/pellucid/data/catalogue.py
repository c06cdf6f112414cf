"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.data.dataset import DataSplits
from pellucid.data.mnist import load_mnist

CATALOGUE: dict[str, Callable[[], DataSplits]] = {"mnist": load_mnist}
