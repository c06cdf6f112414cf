"""Runs that are trained, killed, gone on with, judged, replaced and renamed in any order: none is lost or changed."""

from __future__ import annotations

import math
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError
from pellucid.run.folder import list_runs
from pellucid.train.checkpoint import Checkpointer

from .test_resume import SMALL, TRAININGS, Killed, told

HOW = TRAININGS["vote"]
UPDATES = 15  # of each training, whose three members have five
NAMES = st.sampled_from(["a", "b", "c"])
SEEDS = st.sampled_from([0, 1])
MOMENTS = st.one_of(st.none(), st.integers(1, UPDATES))  # the update at which something happens; None: nothing does
SIGNALS = st.sampled_from([None, signal.SIGTERM])  # None: the process is killed


class Ends(pl.Callback):
    """Presses Ctrl-C after an update, or kills the process, which then leaves what is on disk at that moment."""

    def __init__(self, update: int | None, number: int | None, runs: Path) -> None:
        self.left, self.number, self.runs = update or math.inf, number, runs
        self.happened = False

    def on_step_end(self, epoch: int, step: int, loss: object) -> None:
        self.left -= 1
        if self.left:
            return
        self.happened = True
        if self.number is None:
            shutil.copytree(self.runs, self.runs.with_name("at that moment"))
            raise Killed
        os.kill(os.getpid(), self.number)


class Lifecycle(RuleBasedStateMachine):
    """What should lie below runs/: each run's seed, and what was done with it, by the name of its folder."""

    bars: DataSplits
    whole: dict[int, dict[bool, dict[str, Any]]]  # what a run from each seed says in the end, judged or not

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.runs = self.place / "runs"
        self.runs.mkdir()
        self.known: dict[str, tuple[int, str]] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    def _trained(self, work: Callable[[pl.Callback], pl.Run], update: int | None, number: int | None) -> str:
        """What became of a training at which something happens."""
        ends = Ends(update, number, self.runs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how to go on
            try:
                run = work(ends)
            except Killed:
                shutil.rmtree(self.runs)
                ends.runs.with_name("at that moment").rename(self.runs)
                return "killed"
        assert ends.happened or run.record.status == "done"  # which it also is where the last update had been made
        return run.record.status

    @rule(name=NAMES, seed=SEEDS, update=MOMENTS, number=SIGNALS)
    def train(self, name: str, seed: int, update: int | None, number: int | None) -> None:
        def work(ends: pl.Callback) -> pl.Run:
            return pl.fit(self.bars, out=self.runs / name, seed=seed, callbacks=[ends], **HOW, **SMALL)

        if name in self.known:
            with pytest.raises(RunError, match="exists already"):
                self._trained(work, None, None)
        else:
            self.known[name] = seed, self._trained(work, update, number)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), seed=SEEDS, update=MOMENTS, number=SIGNALS)
    def train_in_the_place_of_another(
        self, data: st.DataObject, seed: int, update: int | None, number: int | None
    ) -> None:
        name = data.draw(st.sampled_from(sorted(self.known)))
        ended = self._trained(
            lambda ends: pl.fit(
                self.bars, out=self.runs / name, seed=seed, overwrite=True, callbacks=[ends], **HOW, **SMALL
            ),
            update,
            number,
        )
        if ended != "done":  # the older one is found beside it
            aside = next(
                f"{name}-before-{count}" for count in range(1, 99) if f"{name}-before-{count}" not in self.known
            )
            self.known[aside] = self.known[name]
        self.known[name] = seed, ended

    @precondition(lambda self: self.known)
    @rule(data=st.data(), update=MOMENTS, number=SIGNALS)
    def go_on(self, data: st.DataObject, update: int | None, number: int | None) -> None:
        name = data.draw(st.sampled_from(sorted(self.known)))
        seed, state = self.known[name]

        def work(ends: pl.Callback) -> pl.Run:
            return pl.resume(self.runs / name, data=self.bars, callbacks=[ends])

        if state in {"killed", "interrupted"}:
            self.known[name] = seed, self._trained(work, update, number)
        else:
            with pytest.raises(RunError, match="is done: there is nothing left to train"):
                self._trained(work, None, None)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def judge(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.known)))
        seed, state = self.known[name]
        if state == "killed":
            with pytest.raises(RunError):
                pl.load_run(self.runs / name)
            return
        pl.load_run(self.runs / name).evaluate(self.bars)
        if state == "done":
            self.known[name] = seed, "judged"

    @precondition(lambda self: self.known)
    @rule(data=st.data(), to=st.sampled_from(["d", "e"]))
    def rename(self, data: st.DataObject, to: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.known)))
        if to not in self.known:
            (self.runs / name).rename(self.runs / to)
            self.known[to] = self.known.pop(name)

    @invariant()
    def all_are_there_and_as_they_should_be(self) -> None:
        found, faults = list_runs(self.runs)
        assert {path.name for path, _ in found} == self.known.keys()
        assert faults == []
        assert {place.name for place in self.runs.iterdir()} == self.known.keys()
        for name, (seed, state) in self.known.items():
            path = self.runs / name
            if state in {"done", "judged"}:
                judged = state == "judged"
                assert told(path, judged=judged) == self.whole[seed][judged]
                assert (path / "evaluation.json").exists() == judged
                assert not (path / "checkpoints").exists()


def test_no_run_is_lost_or_changed_whatever_is_done(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpointer, "seconds", 0.0)
    monkeypatch.setattr(Checkpointer, "share", math.inf)
    Lifecycle.bars, Lifecycle.whole = bars, {}
    for seed in (0, 1):
        run = pl.fit(bars, out=tmp_path / str(seed), seed=seed, **HOW, **SMALL)
        assert run.record.results is not None
        assert run.record.results.steps == UPDATES
        before = told(run.path, judged=False)
        pl.load_run(run.path).evaluate(bars)
        Lifecycle.whole[seed] = {False: before, True: told(run.path)}
    few = settings(max_examples=10, stateful_step_count=12, derandomize=True, phases=[Phase.generate])  # no shrinking
    run_state_machine_as_test(Lifecycle, settings=few)
