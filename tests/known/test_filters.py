"""A network with an edge filter of +1 and -1, a dead filter and a duplicate; all answers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.interpret.feature_maps import feature_maps
from pellucid.interpret.filters import filters_of

# 255 and 0 become 1 and 0: two dark columns, then two bright ones, in three rows.
IMAGE = np.array([[0, 0, 255, 255]] * 3, np.uint8)[..., None]


@pytest.fixture
def predictor(bars_run: Path) -> pl.Predictor:
    """Filters of 1x2: rising edges, falling edges but with bias -10, and rising edges twice as strong."""
    spec = pl.ModelSpec.from_shorthand("conv 3 1x2 relu, globalmaxpool, dense 3 softmax", (3, 4, 1))
    model = pl.build(spec)
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[-1.0, 1.0], [1.0, -1.0], [-2.0, 2.0]]).reshape(3, 1, 1, 2))
        model[0].bias.copy_(torch.tensor([0.0, -10.0, 0.0]))
        model[3].weight.copy_(torch.eye(3))
    record = pl.Predictor.load(bars_run).record.model_copy(update={"model": spec, "calibration": None})
    return pl.Predictor(model, record, torch.device("cpu"))


def test_an_edge_filter_answers_where_dark_turns_bright(predictor: pl.Predictor) -> None:
    maps = {each.name: each.values for each in feature_maps(predictor, IMAGE)}
    # Differences to the right are 0, 1, 0 in every row; the dead filter has -10 minus those.
    assert maps["conv2d_1"][0].T.tolist() == [[0, 1, 0], [-10, -11, -10], [0, 2, 0]]
    assert maps["conv2d_1_relu"][2].T.tolist() == [[0, 1, 0], [0, 0, 0], [0, 2, 0]]
    assert maps["global_max_pooling2d_1"].tolist() == [1, 0, 2]
    assert maps["dense_1"].tolist() == [1, 0, 2]
    # e^1, e^0 and e^2 are 2.7183, 1 and 7.3891, together 11.1073.
    assert maps["softmax"] == pytest.approx([0.2447, 0.0900, 0.6652], abs=1e-4)


def test_the_dead_and_the_duplicate_are_found(predictor: pl.Predictor) -> None:
    found = filters_of(predictor, images=IMAGE[None])
    assert found.dead == [1]
    assert found.duplicates == {2: 0}
    assert found.kernels[..., 0].tolist() == [[[-1, 1]], [[1, -1]], [[-2, 2]]]
    edge, dead, strong = found.filters
    # One of three columns is above zero.
    assert edge.positive_share == pytest.approx(1 / 3)
    assert dead.positive_share == 0
    assert (edge.norm, strong.norm) == pytest.approx((2**0.5, 8**0.5))
    assert (edge.mean, edge.minimum, edge.maximum, edge.bias) == (0, -1, 1, 0)


def test_by_the_weights_alone_the_dead_one_is_not_seen(predictor: pl.Predictor) -> None:
    assert filters_of(predictor).dead == []
