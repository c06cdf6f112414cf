"""Ascents whose end can be told beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.interpret.legibility import legibility, reference_of
from pellucid.interpret.maximize import class_targets, filter_targets, fit_prior, maximize, neuron_target
from pellucid.interpret.maximize.penalties import ink, total_variation
from pellucid.trained.sample import Sample


@pytest.fixture
def predictor(bars_run: Path) -> pl.Predictor:
    """The record of a run over 8x8 images of one channel, with a network to be put in."""
    return pl.Predictor.load(bars_run)


def test_a_linear_class_is_white_where_its_weight_is_positive_and_black_elsewhere(predictor: pl.Predictor) -> None:
    weight = torch.where(torch.rand(3, 64, generator=torch.Generator().manual_seed(1)) < 0.5, -1.0, 1.0)
    linear = nn.Linear(64, 3)
    linear.load_state_dict({"weight": weight, "bias": torch.tensor([0.5, 0.0, 0.0])})
    predictor.model = nn.Sequential(nn.Flatten(), linear)
    made = maximize(predictor, class_targets(predictor), method="raw", starts=2, steps=40)
    for start in range(2):
        assert np.array_equal(made.images[:, start].reshape(3, 64), (weight > 0).float().numpy())
    white = (weight > 0).sum(dim=1).float()
    assert made.activations[:, 0] == pytest.approx((white + torch.tensor([0.5, 0, 0])).numpy())


def test_filters_of_plus_and_minus_one(predictor: pl.Predictor) -> None:
    filters = nn.Conv2d(1, 2, 1)
    filters.load_state_dict({"weight": torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1), "bias": torch.zeros(2)})
    predictor.model = nn.Sequential(filters, nn.ReLU(), nn.Flatten(), nn.Linear(128, 3))
    made = maximize(predictor, filter_targets(predictor, "0"), method="raw", starts=1, steps=40)
    assert np.array_equal(made.images[0], np.ones((1, 8, 8, 1)))
    assert np.array_equal(made.images[1], np.zeros((1, 8, 8, 1)))  # its ReLU is dead there, and does not matter
    assert made.activations.ravel() == pytest.approx([1, 0])


def test_a_neuron_is_moved_through_its_own_window_alone(predictor: pl.Predictor) -> None:
    filters = nn.Conv2d(1, 1, 3, bias=False)
    filters.load_state_dict({"weight": torch.ones(1, 1, 3, 3)})
    predictor.model = nn.Sequential(filters, nn.ReLU(), nn.Flatten(), nn.Linear(36, 3))
    made = maximize(predictor, [neuron_target(predictor, "0", 0, 2, 4)], method="raw", starts=1, steps=40)
    image = made.images[0, 0, ..., 0]
    assert np.array_equal(image[2:5, 4:7], np.ones((3, 3)))
    assert image[:2].max() < 0.61  # still the noise of the start
    assert made.activations.item() == pytest.approx(9)


def test_penalties() -> None:
    pictures = torch.zeros(2, 1, 3, 3)
    pictures[1, 0, 1, 1] = 1.0
    assert ink(pictures, 0.0).tolist() == [0, 1]
    assert ink(pictures, 1.0).tolist() == [9, 8]
    # steps of size 1 down to the pixel and right to it, and of size sqrt 2 from it
    assert total_variation(pictures).tolist() == pytest.approx([0, 2 + 2**0.5], abs=4e-3)


def test_the_prior_of_images_on_a_line_is_that_line() -> None:
    half, shares = np.zeros((4, 2, 1), np.uint8), np.linspace(0, 255, 52)
    images = np.stack([np.hstack([half + round(share), half]) for share in shares])
    prior = fit_prior(images, components=1)
    assert prior.explained == pytest.approx(1, abs=1e-5)
    assert prior.mean[0, 0].tolist() == pytest.approx([0.5, 0.5, 0, 0], abs=1e-6)
    deviation = np.linspace(0, 1, 52).std(ddof=1)
    assert prior.components.abs()[0, 0, 0].tolist() == pytest.approx([deviation, deviation, 0, 0], abs=1e-5)


def test_distances_between_single_pixels() -> None:
    """After the blur, pixels a column apart share 6 of 9 places of 64, from which their means are taken; black has no
    direction."""
    apart = 1 - (6 - 81 / 64) / (9 - 81 / 64)
    images = np.zeros((2, 8, 8, 1), np.uint8)
    images[0, 3, 2], images[1, 3, 5] = 200, 100
    train = pl.ImageDataset(images, np.array([1, 0]), ("right", "left"))
    held_out = pl.ImageDataset(images[:, ::-1].copy(), np.array([1, 0]), ("right", "left"))
    reference = reference_of(Sample(train, held_out))
    assert reference.distances.tolist() == pytest.approx([apart] * 2, abs=1e-6)
    pictures = np.zeros((3, 8, 8, 1), np.float32)
    pictures[0, 3, 2], pictures[1, 3, 4] = 0.1, 1.0
    judged = legibility(pictures, reference)
    assert judged.distances.tolist() == pytest.approx([0, apart, 1], abs=1e-6)
    assert judged.nearest[:2].tolist() == [0, 1]
    assert judged.readings[:2].tolist() == [1, 0]
