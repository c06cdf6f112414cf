"""What a tap hears of a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.model.vote import Vote
from pellucid.predict.features import MOST_FEATURES, tapped


def make(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).eval()


def test_each_layer_with_weights_gives_the_means_of_its_maps_under_the_root() -> None:
    network, images = make(), torch.rand(4, 1, 6, 6)
    with tapped(network) as tap, torch.inference_mode():
        network(images)
        features = tap.take(4)
        flat = network[:3](images)
    assert features.shape == (4, 1 + 48)
    assert features[:, 0] == pytest.approx(images.mean(dim=(1, 2, 3)).sqrt().numpy())
    assert features[:, 1:] == pytest.approx(flat.sqrt().numpy())
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_only_the_first_call_is_heard_and_the_next_batch_anew() -> None:
    network, first = make(), torch.rand(2, 1, 6, 6)
    with tapped(network) as tap, torch.inference_mode():
        network(first)
        network(torch.zeros(2, 1, 6, 6))
        heard = tap.take(2)
        assert heard[:, 0] == pytest.approx(first.mean(dim=(1, 2, 3)).sqrt().numpy())
        network(torch.zeros(3, 1, 6, 6))
        assert tap.take(3)[:, 0].tolist() == [0, 0, 0]


def test_all_members_of_a_vote_are_heard() -> None:
    with tapped(vote := Vote([make(0), make(1)])) as tap, torch.inference_mode():
        vote(torch.rand(2, 1, 6, 6))
        assert tap.take(2).shape == (2, 2 * 49)


def test_a_channel_is_averaged_over_its_places_wherever_it_stands() -> None:
    given = torch.tensor([[[1.0, 4.0], [3.0, 4.0], [2.0, 1.0]]])  # three by two
    for layer, wanted in ((nn.Conv1d(3, 1, 1), [2.5, 3.5, 1.5]), (nn.Linear(2, 1), [2, 3])):
        with tapped(layer) as tap, torch.inference_mode():
            layer(given)
            assert tap.take(1)[0] == pytest.approx(np.sqrt(wanted))
    with tapped(nn.Sequential(deep := nn.Linear(2, 1))) as tap, torch.inference_mode():
        deep(given[:, None])
        assert tap.take(1)[0] == pytest.approx(np.sqrt([2, 3]))


def test_a_layer_that_sees_parts_of_images_as_images_is_left_out() -> None:
    parts, whole = nn.Linear(4, 2), nn.Linear(6, 2)
    with tapped(nn.Sequential(parts, whole)) as tap, torch.inference_mode():
        whole(parts(torch.rand(2 * 3, 4)).reshape(2, 6))
        assert tap.take(2).shape == (2, 6)


def test_many_features_become_the_same_sums_each_time() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(1000, 2))
    rows = []
    for _ in range(2):
        with tapped(network) as tap, torch.inference_mode():
            network(torch.ones(2, 1, 10, 100))
            rows.append(tap.take(2))
    assert rows[0].shape == (2, MOST_FEATURES)
    assert (rows[0] == rows[1]).all()
    assert np.square(rows[0]).sum(axis=1) == pytest.approx([1000, 1000], rel=0.5)  # lengths are kept, by and large


def test_a_network_without_such_layers_has_no_features() -> None:
    with tapped(nn.Flatten()) as tap:
        nn.Flatten()(torch.ones(2, 1, 1, 3))
        assert tap.take(2).size == 0


def test_the_predictor_gives_them_with_its_probabilities(bars_run, bars) -> None:
    predictor = pl.Predictor.load(bars_run)
    images = bars.test.images[:5]
    said, features = predictor.with_features(images)
    assert (said == predictor.probabilities(images)).all()
    assert features.shape == (5, 1 + 4 * 3 * 3)
    assert [each.shape for each in predictor.with_features(images[:0])] == [(0, 3), (0, 0)]


def test_a_network_is_called_once_for_a_batch(bars_run, bars) -> None:
    predictor, calls = pl.Predictor.load(bars_run, device="cpu"), []
    hook = predictor.model.register_forward_hook(lambda *_: calls.append(1))
    predictor.predict(bars.test.images[:5])
    hook.remove()
    assert len(calls) == 1
