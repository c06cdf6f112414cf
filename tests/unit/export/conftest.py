"""An export that was made and proved as a user makes it; and one process where a test is about something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.export import export, proof, witness
from pellucid.export.of_export import ask_export
from pellucid.export.of_run import ask_run
from pellucid.export.trace import trace


@pytest.fixture(scope="session")
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    """Read it, do not change it."""
    loaded = pl.Run.load(bars_run, device="cpu")
    loaded.data = bars
    return loaded


@pytest.fixture(scope="session")
def shipped(run: pl.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an export, with maps, proved by processes of their own. Read it, do not write to it."""
    return run.export(tmp_path_factory.mktemp("shipped") / "bars", maps=True, proof_images=20)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What processes of their own answer is answered here, which takes a second less each."""
    here = {witness.RUN: ask_run, witness.EXPORT: ask_export, witness.TRACE: trace}

    def ask(module: str, question: witness.Question) -> dict[str, Any]:
        return here[module](question)

    for user in (export, proof):
        monkeypatch.setattr(user, "ask", ask)
