"""A run with its data at hand, and whose pictures they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.sections.origin import Origin


@pytest.fixture(scope="session")
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    """Read it, do not change it."""
    loaded = pl.Run.load(bars_run, device="cpu")
    loaded.data = bars
    return loaded


@pytest.fixture(scope="session")
def origin() -> Origin:
    return Origin(Path("runs/first"), seed=3)
