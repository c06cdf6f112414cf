"""One page of one run, which all tests read that need no page of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits


@pytest.fixture(scope="session")
def with_data(bars_run: Path, bars: DataSplits) -> pl.Run:
    """The run with its data at hand."""
    run = pl.load_run(bars_run, device="cpu")
    run.data = bars
    return run


@pytest.fixture(scope="session")
def plain(with_data: pl.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page. Read it, do not write to it."""
    return pl.write_report(with_data, out=tmp_path_factory.mktemp("report") / "plain.html", whole=False)
