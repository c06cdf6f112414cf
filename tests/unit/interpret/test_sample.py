from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.interpret import sample
from pellucid.interpret.sample import reduced, reduced_tensor, sample_of


@pytest.fixture
def predictor(bars_run: Path, bars: DataSplits, monkeypatch: pytest.MonkeyPatch) -> pl.Predictor:
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
    return pl.Predictor.load(bars_run)


def test_no_image_is_of_the_test_split_or_on_both_sides(predictor: pl.Predictor, bars: DataSplits) -> None:
    found = sample_of(predictor)
    counts = predictor.record.data.counts
    assert (len(found.train), len(found.held_out)) == (counts["train"], counts["validation"])
    sides = [set(side.image_hashes.tolist()) for side in (found.train, found.held_out, bars.test)]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]


def test_many_images_are_sampled_alike_each_time(predictor: pl.Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST_IMAGES", 50)
    monkeypatch.setattr(sample, "MOST_HELD_OUT", 7)
    first, again = sample_of(predictor), sample_of(predictor)
    assert (len(first.train), len(first.held_out)) == (50, 7)
    assert np.array_equal(first.train.images, again.train.images)


def test_a_validation_split_of_the_data_is_taken(
    predictor: pl.Predictor, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = DataSplits("bars", bars.train, None, bars.test)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: splits)
    found = sample_of(predictor)
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
