"""What is known of a run that advice may follow from, with its data and without."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.interpret.dead import dead_filters_of
from pellucid.judge.advice.facts import DeadFilters
from pellucid.trained.facts import facts_of


def test_classes_are_counted_and_leaks_sought_where_the_data_are_at_hand(bars_run: Path, bars: DataSplits) -> None:
    run = pl.Run.load(bars_run, device="cpu")
    assert (facts_of(run).class_counts, facts_of(run).leaked) == (None, None)  # it loads nothing
    run.data = bars
    found = facts_of(run)
    assert (found.class_counts, found.leaked, found.writers) == (dict.fromkeys(bars.class_names, 80), 0, None)
    assert found.evaluation is not None
    assert facts_of(run, with_leaks=False).leaked is None
    train, test = bars.train, bars.test
    images = np.concatenate([train.images[:2], test.images[2:]])
    run.data = DataSplits("bars", train, ImageDataset(images, test.labels, test.class_names))
    assert facts_of(run).leaked == 2


def test_files_alone_tell_some(bars_run: Path) -> None:
    found = facts_of(pl.Run.load(bars_run, device="cpu"))
    assert found.run == str(bars_run)
    assert found.evaluation is not None
    assert (len(found.epochs), found.trained + found.validated) == (8, 240)
    assert (found.class_counts, found.dead, found.leaked) == (None, (), None)


def test_dead_filters_are_counted_on_training_images(bars_run: Path, bars: DataSplits) -> None:
    run = pl.Run.load(bars_run, device="cpu")
    run.data = bars
    convolution = next(module for module in run.model.modules() if type(module).__name__ == "Conv2d")
    convolution.bias.data[:3] = -1000.0
    (found,) = dead_filters_of(run, 50)
    assert isinstance(found, DeadFilters)
    assert (found.layer, found.filters, found.images) == ("conv2d_1", 4, 50)
    assert found.dead >= 3
