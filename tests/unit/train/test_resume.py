"""A training that was killed or interrupted goes on to the bits of one in one go."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, PellucidWarning, RunError
from pellucid.run.checkpoints import Checkpoints
from pellucid.run.folder import RunFolder, new_run
from pellucid.train.checkpoint import Checkpoint, Checkpointer

TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
RICH = "conv 4 3x3, batchnorm, relu, maxpool 2x2, flatten, dropout 0.3, dense 3 softmax"
VARIED: dict[str, Any] = {"augmentation": "shift=0.1,noise=0.05", "schedule": "one_cycle", "optimizer": "adamw"}
TRAININGS: dict[str, dict[str, Any]] = {
    "plain": {"model": TINY, "epochs": 2, "optimizer": "sgd"},
    "rich": {"model": RICH, "epochs": 2, **VARIED},
    "vote": {"model": RICH, "epochs": 1, "vote": 3, **VARIED},
    "patience": {"model": TINY, "epochs": 3, "vote": 2, "patience": 1, "learning_rate": 1.0},
    "half precision": {"model": TINY, "epochs": 2, "precision": "fp16"},
    "without validation": {"model": TINY, "epochs": 2, "validation_split": None, "test_time_augmentation": "shift=0.1"},
}
SMALL = {"batch_size": 50, "device": "cpu"}


class Killed(BaseException):
    """The process is gone."""


class Kill(pl.Callback):
    """Ends the process, or presses Ctrl-C, after an update; updates are counted from 1 over the whole training."""

    def __init__(self, update: int, number: int | None = None) -> None:
        self.left, self.number = update, number

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        self.left -= 1
        if self.left == 0 and self.number is None:
            raise Killed
        if self.left == 0:
            os.kill(os.getpid(), self.number or 0)


@pytest.fixture
def at_every_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpointer, "seconds", 0.0)
    monkeypatch.setattr(Checkpointer, "share", math.inf)


def told(path: Path, *, judged: bool = True) -> dict[str, Any]:
    """All that a run's folder says, but for times; without its judgement, where it is not judged."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: timeless(part) for name, part in value.items() if not name.endswith(("seconds", "started"))}
        return value

    record = json.loads((path / "run.json").read_text())
    del record["results"]["peak_memory_mib"]
    if not judged:
        del record["results"]["test"]
    rows = [line.rsplit(",", 1)[0] for line in (path / "history.csv").read_text().splitlines()]
    evaluation = json.loads((path / "evaluation.json").read_text()) if judged else None
    weights = (path / "model.safetensors").read_bytes()
    return {"record": timeless(record), "history": rows, "evaluation": timeless(evaluation), "weights": weights}


def kill(bars: DataSplits, out: Path, callback: pl.Callback, said: str = "What was saved stays", **how: Any) -> None:
    told_of = rf"{said}\. Go on with: pellucid train --resume .*run"
    with pytest.raises(Killed), pytest.warns(PellucidWarning, match=told_of):
        pl.fit(bars, out=out, callbacks=[callback], **how, **SMALL)


@pytest.fixture(params=TRAININGS)
def how(request: pytest.FixtureRequest) -> dict[str, Any]:
    return TRAININGS[request.param]


@pytest.mark.usefixtures("at_every_update")
def test_a_training_killed_after_any_update_goes_on_to_the_same_bits(
    bars: DataSplits, tmp_path: Path, how: dict[str, Any]
) -> None:
    whole = pl.fit(bars, out=tmp_path / "whole", **how, **SMALL)
    whole.evaluate()
    assert whole.record.results is not None
    assert whole.record.results.stopped_early == ("patience" in how)
    for update in range(1, whole.record.results.steps + 1):
        out = tmp_path / f"run-{update}"
        kill(bars, out, Kill(update), **how)
        assert len(list((out / "checkpoints").glob("*.safetensors"))) == min(update, 2)
        run = pl.resume(out, data=bars)
        run.evaluate()
        assert told(out) == told(tmp_path / "whole")
        learned = ["doubt.safetensors"] * ("validation_split" not in how)
        assert sorted(file.name for file in out.iterdir()) == [
            *(*learned, "evaluation.json", "history.csv", "model.safetensors", "run.json")
        ]


@pytest.mark.usefixtures("at_every_update")
def test_one_may_be_killed_again_and_again(bars: DataSplits, tmp_path: Path) -> None:
    how = TRAININGS["rich"]
    pl.fit(bars, out=tmp_path / "whole", **how, **SMALL).evaluate()
    kill(bars, tmp_path / "run", Kill(2), **how)
    for _ in range(3):
        with pytest.raises(Killed):
            pl.resume(tmp_path / "run", data=bars, callbacks=[Kill(2)])
    pl.resume(tmp_path / "run", data=bars).evaluate()
    assert told(tmp_path / "run") == told(tmp_path / "whole")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("update", [1, 4, 7, 12])
def test_an_interrupted_training_is_a_run_and_goes_on_too(
    bars: DataSplits, tmp_path: Path, name: str, update: int
) -> None:
    how = TRAININGS["vote"]  # of three members, each of five updates
    pl.fit(bars, out=tmp_path / "whole", **how, **SMALL).evaluate()
    press = Kill(update, getattr(signal, name))
    run = pl.fit(bars, out=tmp_path / "run", callbacks=[press], **how, **SMALL)
    assert run.record.status == "interrupted"
    assert pl.load_run(tmp_path / "run").record.train.vote == max(1, (update - 1) // 5)
    pl.resume(tmp_path / "run", data=bars).evaluate()
    assert told(tmp_path / "run") == told(tmp_path / "whole")


def test_a_training_killed_before_its_first_checkpoint_is_begun_anew(bars: DataSplits, tmp_path: Path) -> None:
    pl.fit(bars, out=tmp_path / "run", model=TINY, epochs=1, **SMALL).evaluate()
    wanted = told(tmp_path / "run")
    record = RunFolder(tmp_path / "run").read_record()
    shutil.rmtree(tmp_path / "run")
    RunFolder.make(tmp_path / "run").write_record(
        record.model_copy(update={"status": "running", "results": None, "weights_sha256": None})
    )
    pl.resume(tmp_path / "run", data=bars).evaluate()
    assert told(tmp_path / "run")["weights"] == wanted["weights"]
    assert told(tmp_path / "run")["evaluation"] == wanted["evaluation"]


def test_checkpoints_are_written_at_the_ends_of_epochs_but_for_the_last(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpointer, "share", math.inf)
    written = []

    def note(self: Checkpoints, steps: int, content: bytes) -> None:
        written.append(steps)

    monkeypatch.setattr(Checkpoints, "write", note)
    pl.fit(bars, out=tmp_path / "run", model=TINY, epochs=3, **SMALL)
    assert written == [5, 10]
    pl.fit(bars, model=TINY, epochs=3, **SMALL)  # in memory
    assert written == [5, 10]


@pytest.mark.usefixtures("at_every_update")
def test_a_damaged_checkpoint_is_said_and_the_earlier_one_is_taken(bars: DataSplits, tmp_path: Path) -> None:
    how = TRAININGS["rich"]
    pl.fit(bars, out=tmp_path / "whole", **how, **SMALL).evaluate()
    kill(bars, tmp_path / "run", Kill(7), **how)
    earlier, newest = sorted((tmp_path / "run" / "checkpoints").glob("*.safetensors"))
    assert (earlier.name[:9], newest.name[:9]) == ("00000006-", "00000007-")
    raw = bytearray(newest.read_bytes())
    raw[-3] ^= 1
    newest.write_bytes(raw)
    with pytest.warns(PellucidWarning, match=f"an earlier checkpoint is taken: {newest.name}"):
        pl.resume(tmp_path / "run", data=bars).evaluate()
    assert told(tmp_path / "run") == told(tmp_path / "whole")


@pytest.mark.usefixtures("at_every_update")
def test_a_training_whose_checkpoints_are_all_damaged_is_not_gone_on_with(bars: DataSplits, tmp_path: Path) -> None:
    kill(bars, tmp_path / "run", Kill(3), **TRAININGS["plain"])
    for place in (tmp_path / "run" / "checkpoints").glob("*.safetensors"):
        place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"cannot be gone on with: damaged are 00000003-.*, 00000002-.* Train anew"):
        pl.resume(tmp_path / "run", data=bars)
    assert len(list((tmp_path / "run" / "checkpoints").glob("*.safetensors"))) == 2


@pytest.mark.usefixtures("at_every_update")
def test_other_bits_are_refused_or_said(bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill(bars, tmp_path / "run", Kill(3), **TRAININGS["plain"])
    monkeypatch.setattr("pellucid.device.processor", lambda: "an abacus")
    with pytest.raises(RunError, match=r"another kind of device: .*, now an abacus\. Give --inexact"):
        pl.resume(tmp_path / "run", data=bars)
    run = pl.resume(tmp_path / "run", data=bars, inexact=True)
    assert run.record.inexact[0].endswith("now an abacus")
    assert pl.load_run(tmp_path / "run").record.inexact == run.record.inexact


@pytest.mark.usefixtures("at_every_update")
def test_the_number_of_threads_is_that_of_the_beginning(bars: DataSplits, tmp_path: Path) -> None:
    seen = []

    class Look(pl.Callback):
        def on_epoch_end(self, epoch: pl.Epoch) -> None:
            seen.append(torch.get_num_threads())

    torch.set_num_threads(2)
    try:
        kill(bars, tmp_path / "run", Kill(3), **TRAININGS["plain"])
    finally:
        torch.set_num_threads(1)
    pl.resume(tmp_path / "run", data=bars, callbacks=[Look()])
    assert (seen, torch.get_num_threads()) == ([2, 2], 1)


@pytest.mark.usefixtures("at_every_update")
def test_changed_data_are_refused(bars: DataSplits, tmp_path: Path) -> None:
    kill(bars, tmp_path / "run", Kill(3), **TRAININGS["plain"])
    with pytest.raises(DataError, match="has changed since the run was trained"):
        pl.resume(tmp_path / "run", data=DataSplits("bars", bars.train.subset(np.arange(200)), None))


@pytest.mark.usefixtures("at_every_update")
def test_data_are_found_where_they_were(bars: DataSplits, tmp_path: Path) -> None:
    train, test = bars.train, bars.test
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(tmp_path / "bars.npz", **arrays)
    splits = pl.load_data(tmp_path / "bars.npz")
    pl.fit(splits, out=tmp_path / "whole", **TRAININGS["plain"], **SMALL).evaluate()
    kill(splits, tmp_path / "run", Kill(3), **TRAININGS["plain"])
    pl.resume(tmp_path / "run").evaluate()
    assert told(tmp_path / "run") == told(tmp_path / "whole")


def test_a_run_that_is_done_is_not_gone_on_with(bars_run: Path) -> None:
    with pytest.raises(RunError, match="is done: there is nothing left to train"):
        pl.resume(bars_run)


@pytest.mark.usefixtures("at_every_update")
def test_latest_is_the_last_that_is_not_done(
    bars: DataSplits, tmp_path: Path, bars_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="no run below runs/ that is not done"):
        pl.resume()
    kill(bars, Path("runs/run-1"), Kill(3), **TRAININGS["plain"])
    shutil.copytree(bars_run, "runs/later")
    assert pl.resume(data=bars).path == Path("runs/run-1")


def test_what_is_being_trained_is_neither_replaced_nor_gone_on_with(bars: DataSplits, tmp_path: Path) -> None:
    class Meanwhile(pl.Callback):
        def on_epoch_end(self, epoch: pl.Epoch) -> None:
            with pytest.raises(RunError, match="Another process is working on"):
                pl.resume(tmp_path / "run", data=bars)
            with pytest.raises(RunError, match="Another process is working on"):
                pl.fit(bars, out=tmp_path / "run", overwrite=True, model=TINY, epochs=1, **SMALL)

    pl.fit(bars, out=tmp_path / "run", model=TINY, epochs=1, callbacks=[Meanwhile()], **SMALL)
    assert pl.load_run(tmp_path / "run").record.status == "done"


@pytest.mark.usefixtures("at_every_update")
def test_a_run_that_was_killed_while_it_replaced_another_costs_neither(bars: DataSplits, tmp_path: Path) -> None:
    out = tmp_path / "run"
    pl.fit(bars, out=out, **TRAININGS["plain"], **SMALL).evaluate()
    first = told(out)
    kill(bars, out, Kill(3), r"stays\. The older run is kept in .*run-before-1", overwrite=True, **TRAININGS["rich"])
    assert told(tmp_path / "run-before-1") == first
    kill(bars, out, Kill(3), overwrite=True, **TRAININGS["plain"])  # nothing stands in its way
    assert (tmp_path / "run-before-2" / "checkpoints").is_dir()  # the second one can be gone on with as well
    pl.resume(out, data=bars).evaluate()
    assert told(out) == first
    assert told(tmp_path / "run-before-1") == first
    assert pl.resume(tmp_path / "run-before-2", data=bars).record.status == "done"


@pytest.mark.usefixtures("at_every_update")
def test_a_training_that_would_fail_again_leaves_nothing(bars: DataSplits, tmp_path: Path) -> None:
    with pytest.raises(pl.TrainingError):
        pl.fit(bars, out=tmp_path / "run", model=TINY, epochs=40, learning_rate=1e30, optimizer="sgd", **SMALL)
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("at_every_update")
def test_a_disk_without_room_for_a_checkpoint_ends_no_training(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Checkpoints, steps: int, content: bytes) -> Path:
        raise RunError("no space left on device")

    monkeypatch.setattr(Checkpoints, "write", full)
    with pytest.warns(PellucidWarning, match=r"goes on, but could not be put down: no space left"):
        run = pl.fit(bars, out=tmp_path / "run", model=TINY, epochs=1, **SMALL)
    assert run.record.status == "done"


class Own(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))


@pytest.mark.usefixtures("at_every_update")
def test_a_module_of_the_users_goes_on_too(bars: DataSplits, tmp_path: Path) -> None:
    def make() -> nn.Module:
        return Own()

    how = {"model": make, "epochs": 2}
    pl.fit(bars, out=tmp_path / "whole", **how, **SMALL).evaluate()
    kill(bars, tmp_path / "run", Kill(7), **how)
    pl.resume(tmp_path / "run", data=bars, model=make).evaluate()
    assert told(tmp_path / "run") == told(tmp_path / "whole")


@pytest.fixture
def checkpoint(bars: DataSplits, tmp_path: Path, at_every_update: None) -> bytes:
    kill(bars, tmp_path / "run", Kill(3), **TRAININGS["plain"])
    raw, damaged = Checkpoints(tmp_path / "run").latest()
    assert raw is not None
    assert not damaged
    return raw


def test_a_checkpoint_is_read_by_who_reads_safetensors_and_json(checkpoint: bytes) -> None:
    size = int.from_bytes(checkpoint[:8], "little")
    metadata = json.loads(checkpoint[8 : 8 + size])["__metadata__"]
    assert list(metadata) == ["pellucid"]
    facts = json.loads(metadata["pellucid"])
    assert (facts["format"], facts["record"]["status"], facts["facts"]["under_way"]["steps"]) == (1, "running", 3)
    again = Checkpoint.from_bytes(checkpoint)
    assert again.to_bytes() == checkpoint


@pytest.mark.parametrize("change", [b"", b"{}", b'"format": 9'])
def test_what_is_no_checkpoint_is_said(checkpoint: bytes, change: bytes) -> None:
    raw = change if len(change) < 3 else checkpoint.replace(b'\\"format\\": 1', b'\\"format\\": 9')
    with pytest.raises(RunError, match=r"is not one that Pellucid writes|is of format 9"):
        Checkpoint.from_bytes(raw)


def test_a_file_of_the_users_among_checkpoints_stays(bars_run: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(bars_run, tmp_path / "run"))
    (out / "checkpoints").mkdir()
    (out / "checkpoints" / "notes.txt").write_text("mine")
    with new_run(out, overwrite=True) as folder:
        Checkpoints(out).write(1, b"x")
        assert [place.name for place in folder.kept] == ["notes.txt"]
    assert [file.name for file in (out / "checkpoints").iterdir()] == ["notes.txt"]
