"""The program in this process, in an empty folder with one run in it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pellucid.cli import main
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def pellucid(
    bars: DataSplits,
    bars_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Outcome]:
    """Runs a command line; the bars are in the catalogue, and runs/bars-one was trained on them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
    shutil.copytree(bars_run, tmp_path / "runs" / "bars-one")

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["pellucid", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 1
        return Outcome(status, *capsys.readouterr())

    return call
