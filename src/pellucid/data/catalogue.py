"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pellucid.data.dataset import DataSplits
from pellucid.data.mnist import load_mnist
from pellucid.data.published import PUBLISHED, load_published

CATALOGUE: dict[str, Callable[[], DataSplits]] = {
    "mnist": load_mnist,
    **{name: partial(load_published, name) for name in PUBLISHED},
}
