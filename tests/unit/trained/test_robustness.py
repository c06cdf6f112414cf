"""A run asked about corrupted images."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError, SettingError


@pytest.fixture
def run(bars_run: Path, bars: DataSplits, tmp_path: Path) -> pl.Run:
    loaded = pl.Run.load(shutil.copytree(bars_run, tmp_path / "run"), device="cpu")
    loaded.data = bars
    return loaded


def test_what_the_own_test_split_gives_is_kept_and_saved(run: pl.Run, tmp_path: Path) -> None:
    assert run.path
    found = run.robustness(images=9)
    kept = (run.path / "robustness.json").read_text()
    assert pl.Robustness.model_validate_json(kept) == found
    assert (found.count, found.available, found.data, found.split, found.classes) == (9, 90, "bars", "test", 3)
    other = run.robustness(images=3, split="validation", seed=1)
    assert (other.count, other.split, other.seed) == (3, "validation", 1)
    assert run.robustness(images=3, invert=True).inverted
    assert (run.path / "robustness.json").read_text() == kept
    saved = pl.Run.load(run.path).save(tmp_path / "saved")
    assert (saved / "robustness.json").read_text() == kept


def test_no_images_and_answers_that_are_no_numbers_are_refused(run: pl.Run) -> None:
    with pytest.raises(SettingError, match="images must be at least 1; received 0"):
        run.robustness(images=0)
    for weight in run.model.parameters():
        weight.data.fill_(float("nan"))
    with pytest.raises(RunError, match="The network's answers must be finite"):
        run.robustness(images=3)
