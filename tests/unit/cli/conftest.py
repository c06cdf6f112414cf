"""The program in this process, in an empty folder with one run in it."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import safetensors.numpy

from pellucid.cli import main
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.train.interrupt import REQUESTS


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def edit_weights(tmp_path: Path) -> Callable[[Callable[[dict[str, np.ndarray]], None]], None]:
    """Changes the weights of runs/bars-one, and takes their digest out of its record."""

    def edit(change: Callable[[dict[str, np.ndarray]], None]) -> None:
        folder = tmp_path / "runs" / "bars-one"
        weights = safetensors.numpy.load_file(folder / "model.safetensors")
        change(weights)
        safetensors.numpy.save_file(weights, folder / "model.safetensors")
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps(record | {"weights_sha256": None}))

    return edit


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
        heard = {number: signal.getsignal(number) for number in REQUESTS}
        try:
            main()
        except SystemExit as exit_:
            status = exit_.code if isinstance(exit_.code, int) else 1
        finally:
            for number, handler in heard.items():
                signal.signal(number, handler)
        return Outcome(status, *capsys.readouterr())

    return call
