from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.interpret.attribution.attribution import attribute
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.attribution.scores import Curves, Score, Scores, curves_of, randomised, score_maps

Make = Callable[..., pl.Predictor]


def test_curves_begin_and_end_with_the_image_and_with_black(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[1]
    curves = curves_of(predictor, image, 1, [np.random.default_rng(0).random((8, 8))] * 2)
    whole, black = predictor.probabilities(np.stack([image, np.zeros_like(image)]))[:, 1]
    assert curves.moved[[0, -1]].tolist() == [0, 1]
    assert curves.deletion.shape == curves.insertion.shape == (2, 51)
    assert curves.deletion[:, [0, -1]] == pytest.approx(np.array([[whole, black]] * 2), abs=1e-6)
    assert curves.insertion[:, [0, -1]] == pytest.approx(np.array([[black, whole]] * 2), abs=1e-6)


def test_curves_do_not_depend_on_the_size_of_a_pass(
    predictor: pl.Predictor, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    importance = [np.random.default_rng(0).random((8, 8))] * 2
    whole = curves_of(predictor, bars.test.images[1], 1, importance)
    monkeypatch.setattr("pellucid.interpret.attribution.scores.VALUES_A_PASS", 64 * 5)
    parts = curves_of(predictor, bars.test.images[1], 1, importance)
    assert parts.deletion == pytest.approx(whole.deletion, abs=1e-5)
    assert parts.insertion == pytest.approx(whole.insertion, abs=1e-5)


def test_equal_pixels_go_in_an_order_that_follows_from_the_seed(predictor: pl.Predictor, bars: DataSplits) -> None:
    image, flat = bars.test.images[1], [np.ones((8, 8))]
    first = curves_of(predictor, image, 1, flat, seed=1).deletion
    assert np.array_equal(first, curves_of(predictor, image, 1, flat, seed=1).deletion)
    assert not np.array_equal(first, curves_of(predictor, image, 1, flat, seed=2).deletion)


def test_maps_are_held_against_chance_and_random_weights(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[bars.test.labels == 1][0]
    maps = [attribute(predictor, image, method, "upright") for method in METHODS]
    scores = score_maps(predictor, image, maps)
    assert len(scores.each) == len(METHODS)
    assert scores.chance.deletion.shape == (8, 51)
    best = scores.each[list(METHODS).index("integrated_gradients")]
    assert scores.against_chance(best) == ("below", "above")
    assert best.signed_correlation is not None
    assert scores.each[0].signed_correlation is None
    again = score_maps(predictor, image, maps)
    assert [score.correlation for score in again.each] == [score.correlation for score in scores.each]
    assert np.array_equal(again.chance.deletion, scores.chance.deletion)


def test_a_map_of_the_image_alone_is_unchanged_by_random_weights(made: Make) -> None:
    """One grey pixel decides alike whatever the weights: what the filters see is the pixel."""
    predictor = made("conv 4 3x3 same relu, globalavgpool, dense 3", seed=5)
    image = np.zeros((8, 8, 1), np.uint8)
    image[2:5, 3:6] = np.arange(50, 230, 20).reshape(3, 3, 1)
    found = attribute(predictor, image, "integrated_gradients")
    (score,) = score_maps(predictor, image, [found]).each
    assert score.correlation is not None
    assert score.correlation > 0.5
    assert score.verdict in ("signs changed", "unchanged")


def test_a_degenerate_map_has_no_scores(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[0]
    sound = attribute(predictor, image, "saliency")
    empty = replace(sound, values=np.zeros_like(sound.values), degenerate="all values are zero")
    scores = score_maps(predictor, image, [empty, sound])
    assert scores.each[0] == Score(None, None, None)
    assert scores.against_chance(scores.each[0]) is None
    assert scores.each[1].curves is not None
    alone = score_maps(predictor, image, [empty])
    assert np.array_equal(alone.chance.deletion, scores.chance.deletion)


def test_random_weights_that_give_no_map_give_no_correlation(
    predictor: pl.Predictor, bars: DataSplits, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.zeros((8, 8, 1), np.uint8)  # black: untrained networks, whose biases are zero, see nothing
    found = attribute(predictor, bars.test.images[0], "integrated_gradients")
    (score,) = score_maps(predictor, image, [found]).each
    assert score.correlation is None
    assert score.verdict is None


@pytest.mark.parametrize(
    ("absolute", "signed", "verdict"),
    [
        (0.2, None, "changed"),
        (0.2, 0.1, "changed"),
        (-0.9, None, "changed"),
        (0.9, None, "unchanged"),
        (0.9, 0.1, "signs changed"),
        (0.9, 0.8, "unchanged"),
        (0.9, -0.8, "unchanged"),
        (None, None, None),
    ],
)
def test_the_verdict_on_random_weights(absolute: float | None, signed: float | None, verdict: str | None) -> None:
    assert Score(None, absolute, signed).verdict == verdict


@pytest.mark.parametrize(
    ("deletion", "insertion", "standing"),
    [(0.1, 0.9, ("below", "above")), (0.5, 0.5, ("within", "within")), (0.9, 0.1, ("above", "below"))],
)
def test_areas_are_held_against_those_of_random_orders(deletion: float, insertion: float, standing: object) -> None:
    moved = np.array([0.0, 1.0])
    chance = np.array([[0.4, 0.4], [0.6, 0.6]])
    own = Curves(moved, np.full((1, 2), deletion), np.full((1, 2), insertion))
    scores = Scores(Curves(moved, chance, chance), ())
    assert scores.against_chance(Score(own, None, None)) == standing


def test_random_weights_are_neither_those_of_the_run_nor_of_its_beginning(predictor: pl.Predictor) -> None:
    first, second = randomised(predictor, 0), randomised(predictor, 0, 1)
    weights = [
        model.conv2d_1.weight
        for model in (predictor.model, pl.build(predictor.record.model, predictor.record.train.seed))
    ]
    for other in (*weights, second.model.conv2d_1.weight):
        assert not torch.equal(first.model.conv2d_1.weight, other)
    assert torch.equal(first.model.conv2d_1.weight, randomised(predictor, 0).model.conv2d_1.weight)
