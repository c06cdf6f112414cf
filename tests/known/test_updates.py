"""Single updates whose results were worked out by hand."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import ImageDataset
from pellucid.spec.train import SGD, Adam, AdamW, Cosine, TrainSpec
from pellucid.train.loop import update
from pellucid.train.loss import loss_of
from pellucid.train.optimizers import Optimizer
from pellucid.train.placed import PlacedSplit

# One pixel of value 1, two classes, all weights 0: softmax gives 1/2 each, so the gradient of the mean cross-entropy
# is -1/2 at the label's weight and bias and +1/2 at the other's.
IMAGES, LABELS = torch.ones(1, 1, 1, 1), torch.tensor([0])


def zero_network() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(1, 2))
    nn.init.zeros_(network[1].weight)
    nn.init.zeros_(network[1].bias)
    return network


def updated(spec: TrainSpec, times: int = 1, smoothing: float = 0.0) -> tuple[list[float], list[float]]:
    network = zero_network()
    optimizer = Optimizer(network.parameters(), spec.optimizer)
    losses = []
    for step in range(times):
        rate = spec.learning_rate_at(step, times)
        loss = partial(cross_entropy, label_smoothing=smoothing)
        losses.append(update(network, optimizer, IMAGES, LABELS, rate, loss)[0].item())
    return network[1].weight.flatten().tolist(), losses


def test_the_loss_before_any_learning_is_the_logarithm_of_the_classes() -> None:
    _, losses = updated(TrainSpec())
    assert losses == pytest.approx([math.log(2)])


def test_plain_descent_goes_against_the_gradient() -> None:
    weights, _ = updated(TrainSpec(learning_rate=0.1, optimizer=SGD(momentum=0.0)))
    assert weights == pytest.approx([0.05, -0.05])


def test_momentum_adds_a_share_of_the_last_step() -> None:
    weights, losses = updated(TrainSpec(learning_rate=0.1, optimizer=SGD(momentum=0.5)), times=2)
    # After one step the logits are +0.1 and -0.1 (weight and bias), so p = 1 / (1 + exp(0.2)) is the second gradient.
    p = 1 / (1 + math.exp(0.2))
    assert losses[1] == pytest.approx(-math.log(1 - p))
    assert weights == pytest.approx([0.05 + 0.1 * (0.25 + p), -0.05 - 0.1 * (0.25 + p)])


@pytest.mark.parametrize("optimizer", [Adam(), AdamW(weight_decay=0.0)])
def test_adams_first_step_is_the_learning_rate(optimizer) -> None:
    # Corrected moments are g and g squared, so the step is learning_rate * g / (|g| + epsilon).
    weights, _ = updated(TrainSpec(learning_rate=0.001, optimizer=optimizer))
    assert weights == pytest.approx([0.001, -0.001], rel=1e-5)


def test_decay_shrinks_the_weights_by_itself() -> None:
    network = zero_network()
    nn.init.constant_(network[1].weight, 2.0)
    spec = TrainSpec(learning_rate=0.1, optimizer=AdamW(weight_decay=0.5))
    # Both weights alike keep the gradients at 1/2: the step is 0.1, the decay 0.1 * 0.5 * 2.
    update(network, Optimizer(network.parameters(), spec.optimizer), IMAGES, LABELS, spec.learning_rate)
    assert network[1].weight.flatten().tolist() == pytest.approx([2 - 0.1 + 0.1, 2 - 0.1 - 0.1], abs=1e-5)


def test_label_smoothing_spreads_a_share_over_all_classes() -> None:
    # Target (0.9, 0.1) for a share of 0.2 over two classes: the gradients are 0.5 - 0.9 and 0.5 - 0.1.
    weights, _ = updated(TrainSpec(learning_rate=0.1, optimizer=SGD(momentum=0.0)), smoothing=0.2)
    assert weights == pytest.approx([0.04, -0.04])


def test_images_count_by_the_weight_of_their_class() -> None:
    # Three images of the first class and one of the second, all alike: the weighted mean of the gradients at the first
    # class's weight is (3 w_0 (-1/2) + w_1 / 2) / (3 w_0 + w_1); balanced, both classes pull alike, and nothing moves.
    images, labels = torch.ones(4, 1, 1, 1), torch.tensor([0, 0, 0, 1])
    for weights, moved in [(None, 0.025), ({"a": 1, "b": 1}, 0.025), ({"b": 2}, 0.01), ("balanced", 0.0)]:
        spec = TrainSpec(learning_rate=0.1, optimizer=SGD(momentum=0.0), class_weights=weights)
        dataset = ImageDataset(np.full((4, 1, 1, 1), 255, np.uint8), labels.numpy(), ("a", "b"))
        split = PlacedSplit(DeviceImages(dataset, torch.device("cpu")), torch.arange(4))
        network = zero_network()
        optimizer = Optimizer(network.parameters(), spec.optimizer)
        loss, _ = update(network, optimizer, images, labels, spec.learning_rate, loss_of(spec, split))
        assert loss.item() == pytest.approx(math.log(2))
        assert network[1].weight.flatten().tolist() == pytest.approx([moved, -moved], abs=1e-7)


def test_the_learning_rate_of_a_step_is_the_schedules() -> None:
    spec = TrainSpec(learning_rate=0.2, optimizer=SGD(momentum=0.0), schedule=Cosine())
    network = zero_network()
    rate = spec.learning_rate_at(50, 100)
    assert rate == pytest.approx(0.1)
    update(network, Optimizer(network.parameters(), spec.optimizer), IMAGES, LABELS, rate)
    assert network[1].weight.flatten().tolist() == pytest.approx([0.05, -0.05])


def test_adams_epsilon_stands_where_keras_has_it() -> None:
    # At the first step Keras divides by |g| + epsilon / sqrt(1 - beta_2), torch alone by |g| + epsilon.
    spec = TrainSpec(learning_rate=1.0, optimizer=Adam(epsilon=0.1, beta_2=0.75))
    weights, _ = updated(spec)
    assert weights == pytest.approx([0.5 / (0.5 + 0.1 / 0.5), -0.5 / (0.5 + 0.1 / 0.5)], rel=1e-6)
