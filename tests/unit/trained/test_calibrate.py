"""A run's temperature: fitted on its own validation images, kept, and used wherever a probability is shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidWarning
from pellucid.interpret.control import untrained
from pellucid.judge.calibration import fit_temperature
from pellucid.run.folder import DOUBT, RunFolder
from pellucid.run.record import RunRecord

SMALL = {"model": "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3", "epochs": 1, "batch_size": 16}


def without_calibration(path: Path, out: Path) -> Path:
    """A copy of a run as an earlier version would have left it."""
    shutil.copytree(path, out)
    record = RunFolder(out).read_record()
    RunFolder(out).write_record(record.model_copy(update={"calibration": None, "doubt": None}))
    (out / DOUBT).unlink()
    return out


def test_it_is_fitted_on_the_images_that_the_training_held_out(bars: DataSplits, bars_run: Path) -> None:
    run = pl.load_run(bars_run)
    held_out = run.split_of(bars, "validation")
    logits = run.logits(torch.from_numpy(held_out.images).permute(0, 3, 1, 2).float() / 255)
    found = fit_temperature(logits.numpy(), held_out.labels)
    assert found is not None
    assert run.record.calibration is not None
    assert run.record.calibration.count == run.record.data.counts["validation"] == len(held_out)
    assert run.record.calibration.temperature == pytest.approx(found.temperature, rel=1e-4)
    validation = run.record.results.validation if run.record.results else None
    assert validation is not None  # the scores are of the network as it was trained
    assert validation.loss == pytest.approx(run.record.calibration.log_loss_before, rel=1e-4)


def test_without_validation_images_there_is_none(bars: DataSplits) -> None:
    run = pl.fit(bars, validation_split=None, **SMALL)
    run.evaluate()
    assert run.record.calibration is None
    assert run.record.temperature == 1


def test_a_run_of_an_earlier_version_is_calibrated_when_its_own_data_are_judged(
    bars: DataSplits, bars_run: Path, tmp_path: Path
) -> None:
    path = without_calibration(bars_run, tmp_path / "old")
    old, calibrated = pl.load_run(path), pl.load_run(bars_run)
    images = bars.test.images
    assert not np.array_equal(old.probabilities(images), calibrated.probabilities(images))
    others = DataSplits("others", bars.test, bars.test)
    old.evaluate(others)
    assert old.record.calibration is None
    old.evaluate(bars, split="train")
    assert RunFolder(path).read_record().calibration == calibrated.record.calibration
    assert np.array_equal(old.probabilities(images), calibrated.probabilities(images))


def test_a_calibration_that_cannot_be_kept_is_used_all_the_same(
    bars: DataSplits, bars_run: Path, tmp_path: Path
) -> None:
    path = without_calibration(bars_run, tmp_path / "old")
    old = pl.load_run(path)
    shutil.rmtree(path)
    path.write_text("no folder any more")
    with pytest.warns(PellucidWarning, match="What the run learned of itself is not kept: "):
        old.evaluate(bars, split="validation")
    assert old.record.calibration is not None


def test_the_control_has_no_temperature_of_the_trained_weights(bars_run: Path) -> None:
    assert untrained(pl.Predictor.load(bars_run)).record.calibration is None


def test_a_record_without_one_is_read(bars_run: Path) -> None:
    record = pl.load_run(bars_run).record.model_dump(mode="json")
    del record["calibration"]
    assert RunRecord.model_validate(record).calibration is None
