"""What a power cut leaves at any moment of a save is the old or the new, never something else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError
from pellucid.run.checkpoints import Checkpoints
from pellucid.run.files import write_file

from ..train.test_resume import at_every_update
from .power_cut import PowerCut

__all__ = ["at_every_update"]  # a fixture

OLD, NEW = b"old" * 50, b"new!" * 70


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


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


SMALL = {"model": "flatten, dense 3", "batch_size": 200, "device": "cpu"}


@pytest.mark.usefixtures("at_every_update")
def test_a_training_is_done_and_whole_or_goes_on_to_the_same_bits(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs" / "run"
    path.parent.mkdir()
    power, begun, gone_on = PowerCut(path.parent), set(), set()
    power.noting(lambda: pl.fit(bars, out=path, epochs=2, **SMALL), monkeypatch)
    weights = (path / "model.safetensors").read_bytes()
    for files in power.states():
        if "run/run.json" not in files:  # its folder was just made
            assert not [name for name in files if name.endswith((".safetensors", ".csv"))]
            begun.add(False)
            continue
        begun.add(True)
        record = json.loads(files["run/run.json"])
        if record["status"] == "done":
            assert files["run/model.safetensors"] == weights
            assert record["weights_sha256"] == hashlib.sha256(weights).hexdigest()
            continue
        assert record["status"] == "running"
        checkpoints = {Path(name).stem: raw for name, raw in files.items() if "/checkpoints/" in name}
        whole = {stem for stem, raw in checkpoints.items() if stem.endswith(hashlib.sha256(raw).hexdigest())}
        last = max(whole, default="")
        if last not in gone_on:
            gone_on.add(last)
            pl.resume(power.lay(files, tmp_path / "after") / "run", data=bars)
            assert (tmp_path / "after" / "run" / "model.safetensors").read_bytes() == weights
    assert begun == {False, True}
    assert {stem[:8] for stem in gone_on} == {"", *(f"{update:08}" for update in range(1, 5))}


def require_one_whole(files: dict[str, bytes], older: dict[str, bytes], new: dict[str, int]) -> str:
    """See that the older run lies in its folder or beside it, or else the new one is done and whole; say which."""
    for place in ("run", "run-before-1"):
        if all(files.get(f"{place}/{name}") == content for name, content in older.items()):
            return place
    record = json.loads(files["run/run.json"])
    assert record["status"] == "done"
    assert new.items() <= record["train"].items()
    assert hashlib.sha256(files["run/model.safetensors"]).hexdigest() == record["weights_sha256"]
    return "new"


def test_a_run_that_is_replaced_is_whole_somewhere_until_the_new_one_is(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs" / "run"
    pl.fit(bars, out=path, epochs=1, **SMALL)
    older, power = contents(path), PowerCut(tmp_path / "runs")
    power.noting(lambda: pl.fit(bars, out=path, epochs=1, seed=7, overwrite=True, **SMALL), monkeypatch)
    found = {require_one_whole(files, older, {"seed": 7}) for files in power.states()}
    assert found == {"run", "run-before-1", "new"}
    assert [place.name for place in (tmp_path / "runs").iterdir()] == ["run"]


@pytest.mark.usefixtures("at_every_update")
def test_a_run_that_is_trained_further_is_whole_somewhere_and_can_be_gone_on_with(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs" / "run"
    pl.fit(bars, out=path, epochs=1, **SMALL)
    older, power, statuses, gone_on = contents(path), PowerCut(tmp_path / "runs"), set(), set()
    power.noting(lambda: pl.resume(path, data=bars, epochs=2), monkeypatch)
    for files in power.states():
        require_one_whole(files, older, {"epochs": 2})
        record = json.loads(files["run/run.json"])
        statuses.add((record["status"], record["train"]["epochs"]))
        if record["status"] == "running":
            checkpoints = {Path(name).stem: raw for name, raw in files.items() if "/checkpoints/" in name}
            whole = {stem for stem, raw in checkpoints.items() if stem.endswith(hashlib.sha256(raw).hexdigest())}
            assert whole
            kind = max(whole), files.get("run/model.safetensors") == older["model.safetensors"]
            if kind not in gone_on:
                gone_on.add(kind)
                pl.resume(power.lay(files, tmp_path / "after") / "run", data=bars)
                weights = (tmp_path / "after" / "run" / "model.safetensors").read_bytes()
                assert weights == (path / "model.safetensors").read_bytes()
    assert len({last for last, _ in gone_on}) == 3  # before the first update, and behind each of two
    assert {older for _, older in gone_on} == {False, True}  # weights that are not told of yet
    assert statuses == {("done", 1), ("running", 2), ("done", 2)}


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
