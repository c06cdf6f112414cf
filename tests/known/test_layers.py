"""Tiny networks whose answers were worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from pellucid.model.build import build
from pellucid.model.modules import BatchNorm
from pellucid.spec.model import ModelSpec


def network(text: str, shape: tuple[int, int, int]) -> nn.Module:
    return build(ModelSpec.from_shorthand(text, shape)).eval()


def maps_of(text: str, shape: tuple[int, int, int]) -> nn.Module:
    """The first layer alone."""
    return next(network(f"{text}, flatten, dense 2", shape).children())


RAMP = torch.arange(1.0, 17.0).reshape(1, 1, 4, 4)  # 1 2 3 4 / 5 6 7 8 / 9 10 11 12 / 13 14 15 16


def test_a_filter_of_ones_adds_up_each_window() -> None:
    conv = maps_of("conv 1 2x2 stride 2 nobias", (4, 4, 1))
    nn.init.ones_(conv.weight)
    assert conv(RAMP).tolist() == [[[[14.0, 22.0], [46.0, 54.0]]]]


def test_same_convolution_with_stride_pads_below_and_right() -> None:
    # 4 rows, windows of 3 at stride 2: one row is missing, and it is added after the map.
    conv = maps_of("conv 1 3x3 stride 2 same nobias", (4, 4, 1))
    nn.init.ones_(conv.weight)
    # The first window adds up 1 2 3, 5 6 7 and 9 10 11; the last one 11 12 and 15 16 and what is beyond the map.
    assert conv(RAMP).tolist() == [[[[54.0, 45.0], [72.0, 54.0]]]]


def test_max_pooling_takes_the_greatest_even_if_all_are_negative() -> None:
    pool = maps_of("maxpool 3x3 stride 2 same", (4, 4, 1))
    assert pool(RAMP).tolist() == [[[[11.0, 12.0], [15.0, 16.0]]]]
    assert pool(-RAMP).tolist() == [[[[-1.0, -3.0], [-9.0, -11.0]]]]


def test_same_average_pooling_does_not_count_what_it_adds() -> None:
    pool = maps_of("avgpool 3x3 stride 2 same", (4, 4, 1))
    # Of the sums 54, 45, 72 and 54, the windows lie on the map with 9, 6, 6 and 4 values.
    assert pool(RAMP).tolist() == [[[[6.0, 7.5], [12.0, 13.5]]]]


def test_same_average_pooling_with_even_margins_does_not_count_them_either() -> None:
    pool = maps_of("avgpool 3x3 stride 3 same", (4, 4, 1))
    # Windows begin one row before the map: rows 1-2, then rows 3-4 (of which the third is beyond the map).
    assert pool(RAMP).tolist() == [[[[3.5, 5.5], [11.5, 13.5]]]]


def test_flatten_goes_by_height_width_channels() -> None:
    flatten = network("flatten, dense 2", (1, 2, 3))[0]
    maps = torch.tensor([[[[0.0, 1.0]], [[10.0, 11.0]], [[20.0, 21.0]]]])  # channel c at column w holds 10 c + w
    assert flatten(maps).tolist() == [[0.0, 10.0, 20.0, 1.0, 11.0, 21.0]]


def test_global_pooling_takes_each_whole_map() -> None:
    maps = torch.stack([RAMP[0, 0], -RAMP[0, 0]])[None]
    assert network("globalmaxpool, dense 2", (4, 4, 2))[0](maps).tolist() == [[16.0, -1.0]]
    assert network("globalavgpool, dense 2", (4, 4, 2))[0](maps).tolist() == [[8.5, -8.5]]


@pytest.mark.parametrize(
    ("name", "at_minus_1", "at_1"),
    [
        ("relu", 0.0, 1.0),
        ("leaky_relu", -0.2, 1.0),
        ("gelu", -(1 - math.erf(1 / math.sqrt(2))) / 2, (1 + math.erf(1 / math.sqrt(2))) / 2),
        ("silu", -1 / (1 + math.e), 1 / (1 + 1 / math.e)),
        ("tanh", math.tanh(-1), math.tanh(1)),
        ("sigmoid", 1 / (1 + math.e), 1 / (1 + 1 / math.e)),
        ("softmax", 1 / (1 + math.e**2), 1 / (1 + math.e**-2)),
        ("linear", -1.0, 1.0),
    ],
)
def test_activations_are_their_formulas(name: str, at_minus_1: float, at_1: float) -> None:
    activation = network(f"flatten, {name}, dense 2", (1, 2, 1))[1]
    assert activation(torch.tensor([[-1.0, 1.0]]))[0].tolist() == pytest.approx([at_minus_1, at_1], rel=1e-6)


def test_batch_normalisation_centres_scales_and_remembers() -> None:
    layer = BatchNorm(1, momentum=0.75, epsilon=1e-9).train()
    values = torch.tensor([[1.0], [3.0], [5.0], [7.0]])  # mean 4, variance (9 + 1 + 1 + 9) / 4 = 5
    out = layer(values)
    assert out.flatten().tolist() == pytest.approx([-3 / 5**0.5, -1 / 5**0.5, 1 / 5**0.5, 3 / 5**0.5])
    assert layer.running_mean.item() == pytest.approx(0.25 * 4)
    assert layer.running_var.item() == pytest.approx(0.75 * 1 + 0.25 * 5)
    assert layer.eval()(torch.tensor([[3.0]])).item() == pytest.approx((3 - 1) / 2**0.5)


def test_batch_normalisation_takes_a_batch_of_one() -> None:
    layer = BatchNorm(2, momentum=0.9, epsilon=1e-3).train()
    assert layer(torch.tensor([[5.0, -2.0]])).abs().max() < 1e-5
    assert layer.running_var.tolist() == pytest.approx([0.9, 0.9])


def test_batch_normalisation_has_the_gradient_of_its_formula() -> None:
    layer = BatchNorm(3, momentum=0.9, epsilon=1e-3).double().train()
    values = torch.randn(4, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (values,))
