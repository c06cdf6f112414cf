"""An export that was made and proved as a user makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits


@pytest.fixture(scope="session")
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    """Read it, do not change it."""
    loaded = pl.Run.load(bars_run, device="cpu")
    loaded.data = bars
    return loaded


@pytest.fixture(scope="session")
def shipped(run: pl.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with maps and for images of any size, proved by processes of their own. Read it, do not write to it."""
    return run.export(tmp_path_factory.mktemp("shipped") / "bars", maps=True, raw_images=True, proof_images=20)
