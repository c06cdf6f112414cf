from __future__ import annotations

from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.interpret.maximize.portraits import portray


@pytest.fixture
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    loaded = pl.Run.load(bars_run, device="cpu")
    loaded.data = bars
    return loaded


def test_both_methods_are_held_against_the_data_and_steps_are_told(run: pl.Run) -> None:
    told: list[tuple[str, int, int]] = []
    found = portray(run, pl.class_targets(run), steps=2, on_step=lambda *step: told.append(step))
    assert [one.method for one in found.made] == list(found.summaries) == ["raw", "constrained"]
    assert found.made[0].images.shape[:2] == (3, 8)
    assert "principal components" in found.made[1].painter
    assert [len(findings) for findings in found.findings] == [3, 3]
    assert found.without_data is None
    assert told[-1] == ("constrained, before training", 2, 2)
    assert ("constrained", 2, 2) in told
    assert found.bars.keys() == {"raw", "constrained"}
    assert ("raw", 2, 2) in told


def test_filters_have_fewer_starts_and_the_prior_may_be_left_out(run: pl.Run) -> None:
    found = portray(run, pl.filter_targets(run, "conv2d_1", [0]), ["constrained"], prior=False, steps=1)
    assert found.made[0].images.shape[:2] == (1, 2)
    assert found.made[0].painter == "waves, without a prior from data"


def test_without_data_it_is_said_why(bars_run: Path) -> None:
    found = portray(pl.Run.load(bars_run, device="cpu"), [pl.class_targets(pl.load_run(str(bars_run)))[0]], steps=1)
    assert found.reference is None
    assert found.without_data
    assert "bars" in found.without_data
    assert found.findings[0][0].nearest is None
