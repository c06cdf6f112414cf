from __future__ import annotations

from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError
from pellucid.train.finish import finish


def trained(data: DataSplits, out: Path) -> pl.Run:
    return pl.fit(data, model="flatten, dense 3", epochs=1, batch_size=64, out=out)


def test_a_run_is_judged_then_told_of_then_drawn(bars: DataSplits, tmp_path: Path) -> None:
    out, seen = tmp_path / "run", []

    def on_judged(run: pl.Run) -> None:
        assert run.record.results
        seen.append((run.record.results.test is not None, (out / "curves.png").exists()))

    finish(trained(bars, out), out, svg=True, on_judged=on_judged)
    assert seen == [(True, False)]
    assert {"evaluation.json", "curves.png", "curves.svg"} <= {path.name for path in out.iterdir()}


def test_without_a_test_split_the_curves_alone_follow(bars: DataSplits, tmp_path: Path) -> None:
    out = tmp_path / "run"
    finish(trained(DataSplits("bars", bars.train, None), out), out)
    assert (out / "curves.png").exists()
    assert not (out / "evaluation.json").exists()
    assert not (out / "curves.svg").exists()


def test_what_cannot_be_written_is_told_with_the_remedy(bars: DataSplits, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = trained(bars, out)
    (out / "curves.png").mkdir()
    with pytest.raises(RunError, match=f"The training is done and kept; finish it with: pellucid evaluate {out}"):
        finish(run, out)
    assert (out / "evaluation.json").exists()


def test_the_curves_are_drawn_although_the_user_stops_the_judging(bars: DataSplits, tmp_path: Path) -> None:
    def stop(run: pl.Run) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "run"
    run = trained(bars, out)
    with pytest.raises(KeyboardInterrupt):
        finish(run, out, on_judged=stop)
    assert (out / "curves.png").exists()
