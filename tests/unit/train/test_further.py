"""A run that is done is trained further, and is not lost meanwhile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidWarning, RunError, SettingError, TrainingError
from pellucid.run.folder import RunFolder
from pellucid.spec.train import SGD

from .test_resume import RICH, SMALL, TINY, VARIED, Kill, Killed, at_every_update, told

__all__ = ["at_every_update"]  # a fixture


class Fail(pl.Callback):
    """Fails as a training does that diverges."""

    def on_epoch_end(self, epoch: Any) -> None:
        raise TrainingError("no")


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def done(bars: DataSplits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vote of two, each trained for an epoch. Copy it."""
    path = tmp_path_factory.mktemp("done") / "run"
    pl.fit(bars, out=path, model=RICH, epochs=1, vote=2, **VARIED, **SMALL).evaluate()
    return path


def test_without_moments_and_schedule_it_is_the_longer_training(bars: DataSplits, tmp_path: Path) -> None:
    how = {"model": TINY, "optimizer": SGD(momentum=0.0), "schedule": "constant", **SMALL}
    pl.fit(bars, out=tmp_path / "whole", epochs=3, **how).evaluate()
    pl.fit(bars, out=tmp_path / "run", epochs=1, **how).evaluate()
    pl.resume(tmp_path / "run", data=bars, epochs=3).evaluate()
    further = told(tmp_path / "run")
    assert further["record"].pop("further") == [1]
    whole = told(tmp_path / "whole")
    del whole["record"]["further"]
    assert further == whole
    assert [place.name for place in sorted(tmp_path.iterdir())] == ["run", "whole"]


def test_the_schedule_and_the_numbers_of_the_epochs_go_on_anew(bars: DataSplits, done: Path, tmp_path: Path) -> None:
    run = pl.resume(shutil.copytree(done, tmp_path / "run"), data=bars, epochs=3)
    before = pl.load_run(done)
    assert run.history["epoch"] == [1, 2, 3, 4, 5, 6]
    assert [run.history["loss"][row] for row in (0, 3)] == before.history["loss"]
    rates = run.history["learning_rate"]
    assert rates[1] > 5 * rates[0]  # one cycle had come to its end, and another begins
    assert rates[2] < rates[1] / 5
    assert rates[:3] == rates[3:]
    assert run.record.results is not None
    assert run.record.results.steps == 30
    assert run.record.train.epochs == 3


@pytest.mark.usefixtures("at_every_update")
@pytest.mark.parametrize("update", [1, 5, 13])
def test_killed_it_goes_on_to_the_same_bits(bars: DataSplits, done: Path, tmp_path: Path, update: int) -> None:
    for name in ("whole", "run"):
        shutil.copytree(done, tmp_path / name)
    pl.resume(tmp_path / "whole", data=bars, epochs=3).evaluate()
    with pytest.raises(Killed), pytest.warns(PellucidWarning, match="What was saved stays"):
        pl.resume(tmp_path / "run", data=bars, epochs=3, callbacks=[Kill(update)])
    assert files(tmp_path / "run-before-1") == files(done)
    pl.resume(tmp_path / "run", data=bars).evaluate()
    assert told(tmp_path / "run") == told(tmp_path / "whole")


def test_if_it_fails_the_run_is_as_it_was(bars: DataSplits, done: Path, tmp_path: Path) -> None:
    path = shutil.copytree(done, tmp_path / "run")
    (path / "notes.txt").write_text("mine")
    with pytest.raises(TrainingError):
        pl.resume(path, data=bars, epochs=2, callbacks=[Fail()])
    assert files(path) == files(done) | {"notes.txt": b"mine"}
    assert [place.name for place in tmp_path.iterdir()] == ["run"]


def test_patience_waits_anew(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, out=tmp_path / "run", model=TINY, epochs=3, patience=1, learning_rate=1.0, **SMALL)
    assert len(run.history.epochs) == 2
    assert len(pl.resume(tmp_path / "run", data=bars, epochs=5).history.epochs) == 4


def test_checkpoints_that_a_killed_process_left_go_at_the_next_chance(
    bars: DataSplits, done: Path, tmp_path: Path
) -> None:
    folder = RunFolder(shutil.copytree(done, tmp_path / "run"))
    for chance in ("evaluated", "resumed"):
        folder.checkpoints.path.mkdir()
        folder.checkpoints.write(3, b"of a training that is done")
        if chance == "evaluated":
            pl.load_run(folder.path).evaluate(bars)
        else:
            with pytest.raises(RunError, match="is done"):
                pl.resume(folder.path, data=bars)
        assert not folder.checkpoints.path.exists()


def test_what_cannot_be_trained_further_is_refused(bars: DataSplits, done: Path, tmp_path: Path) -> None:
    path = shutil.copytree(done, tmp_path / "run")
    with pytest.raises(SettingError, match=r"run further, epochs must be more than its 1; received 1"):
        pl.resume(path, data=bars, epochs=1)
    with pytest.raises(RunError, match=r"is done: there is nothing left to train.*--resume .*run --epochs 2"):
        pl.resume(path, data=bars)
    record = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps(record | {"status": "interrupted"}))
    with pytest.raises(RunError, match=r"Only a run that is done is trained further; .* is interrupted\. Go on with"):
        pl.resume(path, data=bars, epochs=2)
