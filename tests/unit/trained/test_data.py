from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError
from pellucid.trained.data import require_fitting


@pytest.fixture
def run(bars_run: Path) -> pl.Run:
    return pl.load_run(bars_run)


def test_data_that_are_not_here_any_more_are_told(run: pl.Run) -> None:
    with pytest.raises(DataError, match="The run was trained on bars, which is not here. Bring it back"):
        run.own_data()


def test_data_that_have_changed_are_told(run: pl.Run, bars: DataSplits, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = DataSplits("bars", bars.train.subset(np.arange(100)), bars.test)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: changed)
    with pytest.raises(DataError, match="bars has changed since the run was trained: its fingerprint is another"):
        run.own_data()


def test_data_of_another_shape_or_other_classes_are_refused(run: pl.Run, mnist: DataSplits, bars: DataSplits) -> None:
    with pytest.raises(DataError, match=r"takes images of .* \[8, 8, 1\]; received \[28, 28, 1\]"):
        require_fitting(run.record, mnist.test)
    renamed = pl.ImageDataset(bars.test.images, bars.test.labels, ("a", "b", "c"))
    with pytest.raises(DataError, match="The run knows the classes across, upright, aslant; received a, b, c"):
        require_fitting(run.record, renamed)
