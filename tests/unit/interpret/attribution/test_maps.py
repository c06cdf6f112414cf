from __future__ import annotations

from collections.abc import Callable

import pytest

import pellucid as pl
from pellucid.errors import RunError, SettingError
from pellucid.interpret.attribution.maps import choose_layer, is_coarse, map_layers

Make = Callable[..., pl.Predictor]


def test_layers_with_maps_are_named_with_their_size(made: Make) -> None:
    predictor = made("conv 2 3x3 relu, maxpool 2x2, conv 2 3x3, globalavgpool, dense 3", (8, 10, 1))
    assert map_layers(predictor) == {
        "conv2d_1": (6, 8),
        "conv2d_1_relu": (6, 8),
        "max_pooling2d_1": (3, 4),
        "conv2d_2": (1, 2),
    }
    assert map_layers(made("flatten, dense 3")) == {}
    assert map_layers(made("maxpool 8x8, conv 2 1x1, flatten, dense 3")) == {}


@pytest.mark.parametrize(
    ("layers", "chosen"),
    [
        ("conv 2 3x3 relu, conv 2 3x3 relu, maxpool 2x2, flatten, dense 3", "conv2d_2"),
        ("conv 2 3x3 relu, conv 2 5x5 relu, flatten, dense 3", "conv2d_1"),  # the last has 2x2
        ("conv 2 7x7 relu, flatten, dense 3", "conv2d_1"),  # 2x2, for want of better
        ("maxpool 2x2, conv 2 4x4, flatten, dense 3", "max_pooling2d_1"),  # the convolution's is 1x1
        ("avgpool 2x2, relu, flatten, dense 3", "activation_1"),
    ],
)
def test_the_last_convolution_with_maps_is_picked(made: Make, layers: str, chosen: str) -> None:
    assert choose_layer(made(layers), None, "grad_cam") == chosen


@pytest.mark.parametrize(("side", "chosen"), [(64, "conv2d_2"), (96, "conv2d_2"), (160, "conv2d_1")])
def test_a_value_stands_for_no_more_than_32_by_32_pixels(made: Make, side: int, chosen: str) -> None:
    """The second layer has a value to 16, 32 and 53 pixels a side: 4x4, 3x3 and 3x3 maps."""
    strides = {64: 2, 96: 4, 160: 7}[side]
    layers = f"conv 2 8x8 stride 8 relu, conv 2 1x1 stride {strides} relu, globalavgpool, dense 3"
    predictor = made(layers, (side, side, 1))
    assert map_layers(predictor)["conv2d_2"] == {64: (4, 4), 96: (3, 3), 160: (3, 3)}[side]
    assert choose_layer(predictor, None, "grad_cam") == chosen
    assert is_coarse(map_layers(predictor)["conv2d_2"], predictor) == (chosen == "conv2d_1")


def test_a_layer_that_is_asked_for_is_taken(made: Make) -> None:
    assert choose_layer(made("conv 2 3x3 relu, flatten, dense 3"), "conv2d_1_relu", "grad_cam") == "conv2d_1_relu"


def test_layers_that_do_not_serve_are_told(made: Make) -> None:
    predictor = made("conv 2 3x3 relu, flatten, dense 3")
    with pytest.raises(SettingError, match=r"Unknown layer 'conv_1'\. Did you mean conv2d_1\? Known: conv2d_1, conv2d"):
        choose_layer(predictor, "conv_1", "grad_cam")
    with pytest.raises(
        SettingError,
        match=r"grad_cam needs a layer with maps larger than 1x1; received dense_1\. Layers with such maps: conv2d_1",
    ):
        choose_layer(predictor, "dense_1", "grad_cam")
    with pytest.raises(SettingError, match=r"Layers with such maps: none\."):
        choose_layer(made("flatten, dense 3"), "dense_1", "layer_cam")
    with pytest.raises(RunError, match=r"layer_cam needs a layer with maps .* Methods without a layer: saliency"):
        choose_layer(made("flatten, dense 3"), None, "layer_cam")
