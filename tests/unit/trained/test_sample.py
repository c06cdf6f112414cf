from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError
from pellucid.trained import sample
from pellucid.trained.sample import reduced, reduced_tensor, sample_of, training_sample


@pytest.fixture
def run(bars_run: Path, bars: DataSplits, monkeypatch: pytest.MonkeyPatch) -> pl.Run:
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
    return pl.load_run(bars_run)


def test_no_image_is_of_the_test_split_or_on_both_sides(run: pl.Run, bars: DataSplits) -> None:
    found = sample_of(run)
    counts = run.record.data.counts
    assert (len(found.train), len(found.held_out)) == (counts["train"], counts["validation"])
    sides = [set(side.image_hashes.tolist()) for side in (found.train, found.held_out, bars.test)]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]


def test_many_images_are_sampled_alike_each_time(run: pl.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST_IMAGES", 50)
    monkeypatch.setattr(sample, "MOST_HELD_OUT", 7)
    first, again = sample_of(run), sample_of(run)
    assert (len(first.train), len(first.held_out)) == (50, 7)
    assert np.array_equal(first.train.images, again.train.images)


def test_a_validation_split_of_the_data_is_taken(
    run: pl.Run, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = DataSplits("bars", bars.train, None, bars.test)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: splits)
    found = sample_of(run)
    assert np.array_equal(found.train.images, bars.train.images)
    assert np.array_equal(found.held_out.images, bars.test.images)


def test_large_images_are_averaged_down() -> None:
    images = np.zeros((3, 64, 40, 1), np.uint8)
    images[:, :2] = 255
    assert reduced(images).shape == (3, 1, 32, 32)
    assert torch.equal(reduced(images)[0, 0, 0], torch.ones(32))
    assert reduced_tensor(torch.rand(2, 3, 8, 40)).shape == (2, 3, 8, 32)
    small = np.random.default_rng(0).integers(0, 255, (2, 8, 8, 3), dtype=np.uint8)
    assert torch.allclose(reduced(small) * 255, torch.from_numpy(small).permute(0, 3, 1, 2).float())


def test_a_sample_is_seeded_and_never_reads_the_test_split(
    run: pl.Run, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> ImageDataset:
        raise DataError("the test split was read")

    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: DataSplits("bars", bars.train, refuse))
    sample = training_sample(run, 20)
    assert sample.shape == (20, 8, 8, 1)
    assert np.array_equal(sample, training_sample(run, 20))
    assert not np.array_equal(sample, training_sample(run, 20, seed=1))


def test_what_is_said_of_training_images_is_measured_on_no_image_of_the_validation_split(run: pl.Run) -> None:
    whole = training_sample(run, 1_000)
    assert len(whole) == run.record.data.counts["train"]
    held_out = {image.tobytes() for image in sample_of(run).held_out.images}
    assert not held_out & {image.tobytes() for image in whole}


def test_a_run_that_held_nothing_out_was_trained_on_all(bars: DataSplits) -> None:
    run = pl.fit(bars, model="flatten, dense 3", epochs=1, validation_split=None)
    assert np.array_equal(training_sample(run, 1_000), bars.train.images)
