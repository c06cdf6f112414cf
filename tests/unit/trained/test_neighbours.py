"""The training images that a network sees as most alike to those that it answers wrongly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.trained.evaluate import evaluate
from pellucid.trained.neighbours import with_neighbours
from pellucid.trained.splits import Split, held_out


def mislabelled(bars: DataSplits) -> ImageDataset:
    """The training images, so that every right answer is taken for a mistake."""
    return ImageDataset(bars.train.images, (bars.train.labels + 1) % 3, bars.class_names)


@pytest.mark.parametrize("vote", [1, 2])
def test_an_image_is_its_own_nearest(bars: DataSplits, vote: int) -> None:
    run = pl.fit(bars, model="conv 4 3x3 relu, maxpool 2x2, flatten, dense 3", epochs=1, vote=vote)
    images = mislabelled(bars)
    training = held_out(bars, run.record.train.validation_split, run.record.train.seed)["train"]
    found = with_neighbours(run.predictor, evaluate(run.predictor, images, data="bars"), images, training)
    known = [mistake for mistake in found.mistakes[:20] if mistake.index in training.rows]
    assert known
    for mistake in known:
        first, second, third = mistake.nearest
        assert first.index == mistake.index
        assert first.distance < 0.01  # torch's distances of equal vectors are not exactly 0
        assert first.distance <= second.distance <= third.distance
        assert first.label == bars.class_names[bars.train.labels[mistake.index]]
    assert all(near.index in training.rows for mistake in found.mistakes for near in mistake.nearest)
    assert all(not mistake.nearest for mistake in found.mistakes[20:])


def test_there_may_be_fewer_training_images_than_are_looked_for(bars_run: Path, bars: DataSplits) -> None:
    predictor = pl.Predictor.load(bars_run)
    images = mislabelled(bars)
    found = with_neighbours(
        predictor, evaluate(predictor, images, data="bars"), images, Split(bars.train, np.array([7]))
    )
    assert [near.index for near in found.mistakes[0].nearest] == [7]


def test_a_training_image_is_not_its_own_neighbour(bars_run: Path, bars: DataSplits) -> None:
    run = pl.load_run(bars_run)
    run.data = DataSplits("wrong", mislabelled(bars), bars.test)
    training = held_out(run.data, run.record.train.validation_split, run.record.train.seed)["train"]
    judged = training.dataset.subset(training.rows)
    asked = evaluate(run.predictor, judged, data="bars", split="train")
    found = with_neighbours(run.predictor, asked, judged, training, same=True).mistakes[:20]
    assert all(training.rows[mistake.index] not in {near.index for near in mistake.nearest} for mistake in found)
    assert {len(mistake.nearest) for mistake in found} == {3}
    alone = Split(training.dataset, training.rows[:2])
    few = evaluate(run.predictor, judged.subset(np.arange(2)), data="bars", split="train")
    mistakes = with_neighbours(run.predictor, few, judged.subset(np.arange(2)), alone, same=True).mistakes
    assert {len(mistake.nearest) for mistake in mistakes} == {1}


def test_a_run_tells_them_as_far_as_its_own_data_are_at_hand(bars_run: Path, bars: DataSplits) -> None:
    spoiled = DataSplits(
        "spoiled", bars.train, ImageDataset(255 - bars.test.images, bars.test.labels, bars.class_names)
    )
    run = pl.load_run(bars_run)
    assert not run.evaluate(spoiled).mistakes[0].nearest  # the bars are nowhere on disk
    run.data = bars
    assert len(run.evaluate(spoiled).mistakes[0].nearest) == 3
