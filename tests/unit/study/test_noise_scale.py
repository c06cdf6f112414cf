import numpy as np
import pytest
import torch
from torch import nn

from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import ImageDataset
from pellucid.study.noise_scale import noise_scale
from pellucid.train.placed import PlacedSplit


def white(labels: np.ndarray) -> PlacedSplit:
    images = np.full((len(labels), 1, 1, 1), 255, np.uint8)
    data = DeviceImages(ImageDataset(images, labels.astype(np.int64), ("no", "yes")), torch.device("cpu"))
    return PlacedSplit(data, torch.arange(len(labels)))


def undecided() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
    nn.init.zeros_(network[1].weight)
    return network


def test_the_noise_scale_of_a_network_of_two_weights() -> None:
    # At weights 0 and white images an image's gradient is (0.5, -0.5) with one label and (-0.5, 0.5) with the other.
    # Of 70% yes the mean gradient is (0.2, -0.2), its squared length 0.08; the trace is 2 * 0.7 * 0.3 = 0.42.
    labels = np.random.default_rng(0).permutation(np.arange(20_000) % 10 < 7)
    assert noise_scale(undecided(), white(labels), 0) == pytest.approx(0.42 / 0.08, rel=0.25)


def test_a_gradient_lost_in_noise_has_no_scale() -> None:
    assert noise_scale(undecided(), white(np.arange(4096) % 2), 0) is None


def test_too_few_images_have_no_scale_and_the_network_is_left_alone() -> None:
    network = undecided().eval()
    assert noise_scale(network, white(np.arange(60) % 2), 0) is None
    assert not network.training
    assert network[1].weight.grad is None
