"""What a power cut leaves of a study, and of a copy of data, can be gone on with, or is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.copies import write_copy
from pellucid.data.dataset import DataSplits
from pellucid.data.load import load_data
from pellucid.data.removal import Removal
from pellucid.run.checkpoints import Checkpoints
from pellucid.run.folder import RunFolder
from pellucid.spec.reading import ReadSpec
from pellucid.spec.recipes import Recipe
from pellucid.study.folder import StudyFolder
from pellucid.study.folds import FoldStudy, FoldTrial
from pellucid.study.runner import resume_study, run_study

from ..run.power_cut import PowerCut
from .test_killed import told


def test_a_row_has_its_arrays_and_a_trial_is_whole_or_goes_on(
    subject: Recipe, bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    power = PowerCut(tmp_path / "runs")
    power.noting(lambda: run_study(FoldStudy(subject=subject, k=2), bars, out=tmp_path / "runs" / "study"), monkeypatch)
    whole = told(resume_study(tmp_path / "runs" / "study", data=bars))
    gone_on: set[tuple[object, ...]] = set()
    for files in power.states():
        folder = StudyFolder(power.lay(files, tmp_path / "after") / "study")
        if not (folder.path / "study.json").exists():
            continue
        assert folder.read_record().kind == "folds"
        found = folder.read_rows(FoldTrial)
        for row in found:
            assert folder.read_array(f"fold-{row.fold}.npz", "probabilities").shape == (row.images, 3)
        state: list[object] = [len(found)]
        for fold in {0, 1} - {row.fold for row in found}:
            trial = folder.trial((fold,))
            if not (trial.path / "run.json").exists():
                continue
            status = trial.read_record().status
            state.append(status)
            assert Checkpoints(trial.path).latest()[1] == []
            if status == "done":
                assert RunFolder(trial.path).has_weights
        if tuple(state) not in gone_on:
            gone_on.add(tuple(state))
            assert told(resume_study(folder.path, data=bars)) == whole
    assert gone_on == {(0,), (0, "running"), (0, "done"), (1,), (1, "running"), (1, "done"), (2,)}


def test_a_copy_of_data_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.arange(6 * 9, dtype=np.uint8).reshape(6, 3, 3)
    np.savez(tmp_path / "data.npz", x_train=images, y_train=np.arange(6) % 2)
    reading = ReadSpec(test_split=None)
    splits = load_data(tmp_path / "data.npz", reading)
    (tmp_path / "new").mkdir()
    power = PowerCut(tmp_path / "new")
    out = tmp_path / "new" / "copy"
    left_out = Removal({"train": [2]})
    power.noting(lambda: write_copy(str(tmp_path / "data.npz"), splits, reading, left_out, out), monkeypatch)
    seen = set()
    for files in power.states():
        place = power.lay(files, tmp_path / "after") / "copy"
        seen.add(place.exists())
        if place.exists():
            assert np.array_equal(load_data(place / "data.npz", reading).train.images[..., 0], np.delete(images, 2, 0))
    assert seen == {False, True}
