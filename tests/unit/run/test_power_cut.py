"""What a power cut leaves at any moment of a save is the old or the new, never something else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import pellucid as pl
from pellucid.errors import RunError
from pellucid.run.checkpoints import Checkpoints
from pellucid.run.files import write_file
from pellucid.run.folder import RunFolder

from .power_cut import PowerCut

OLD, NEW = b"old" * 50, b"new!" * 70


def test_a_file_is_the_old_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.json").write_bytes(OLD)
    power = PowerCut(tmp_path)
    power.noting(lambda: write_file(tmp_path / "run.json", NEW), monkeypatch)
    found = {files["run.json"] for files in power.states()}
    assert found == {OLD, NEW}


def test_the_simulated_cut_finds_what_is_not_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless() -> None:
        (tmp_path / "run.json.part").write_bytes(NEW)
        os.replace(tmp_path / "run.json.part", tmp_path / "run.json")  # noqa: PTH105 - what is noted

    (tmp_path / "run.json").write_bytes(OLD)
    power = PowerCut(tmp_path)
    power.noting(careless, monkeypatch)
    found = {files["run.json"] for files in power.states()}
    assert {OLD, NEW, b""} < found
    assert NEW[: len(NEW) // 2] in found


def test_some_checkpoint_is_whole_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = Checkpoints(tmp_path / "run")
    checkpoints.path.mkdir(parents=True)
    for steps in (1, 2):
        checkpoints.write(steps, OLD + bytes([steps]))
    power = PowerCut(tmp_path / "run")
    power.noting(lambda: checkpoints.write(3, NEW), monkeypatch)
    states = list(power.states())
    assert len(states) > 10
    for files in states:
        content, damaged = Checkpoints(power.lay(files, tmp_path / "after")).latest()
        assert content in {OLD + b"\2", NEW}
        assert not damaged


def test_a_run_is_done_and_whole_or_goes_on(bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = pl.load_run(bars_run)
    folder = RunFolder(Path(shutil.copytree(bars_run, tmp_path / "run")))
    (folder.path / "model.safetensors").unlink()
    folder.write_record(run.record.model_copy(update={"status": "running", "results": None, "weights_sha256": None}))
    (folder.path / "checkpoints").mkdir()
    folder.checkpoints.write(1, OLD)

    def end() -> None:
        run.write(folder)
        folder.take_place()

    power, ends = PowerCut(folder.path), set()
    power.noting(end, monkeypatch)
    for files in power.states():
        place = RunFolder(power.lay(files, tmp_path / "after"))
        status = place.read_record().status
        ends.add(status)
        if status == "done":
            assert pl.load_run(place.path).record == run.record
        else:
            assert place.checkpoints.latest() == (OLD, [])
    assert ends == {"running", "done"}


def test_damage_to_weights_at_rest_is_noticed(bars_run: Path, tmp_path: Path) -> None:
    """Every fiftieth byte of the weights' file, with each of its bits turned once."""
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    raw = (path / "model.safetensors").read_bytes()
    for place in range(0, len(raw), 50):
        changed = bytearray(raw)
        changed[place] ^= 1 << place % 8
        (path / "model.safetensors").write_bytes(changed)
        with pytest.raises(RunError, match=r"model\.safetensors"):
            pl.Predictor.load(path)
