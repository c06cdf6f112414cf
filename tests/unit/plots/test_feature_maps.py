from typing import Any, NamedTuple

import numpy as np
import pytest

from pellucid.plots.feature_maps import MOST_BARS, MOST_LAYERS, MOST_MAPS, layer_grid, layer_walk
from pellucid.plots.figures import render

RANDOM = np.random.default_rng(0)
NAMES = ("zero", "one", "two")


class Given(NamedTuple):
    name: str
    values: Any
    signed: bool = False
    per_class: bool = False


def maps(height: int, width: int, channels: int) -> Any:
    return RANDOM.uniform(0, 1, (height, width, channels)).astype(np.float32)


IMAGE = Given("input", maps(8, 8, 1))
LAST = [
    Given("dense_1", np.array([-2.0, 3, 0.5], np.float32), True, True),
    Given("softmax", np.array([0.01, 0.9, 0.09], np.float32), False, True),
]


def texts_of(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_each_layer_is_a_row_with_its_name_shape_maps_and_scale() -> None:
    signed = Given("conv2d_1", maps(6, 6, 20) - 0.5, True)
    figure = layer_walk([IMAGE, signed, Given("conv2d_1_relu", maps(6, 6, 5)), *LAST], "Every layer", NAMES)
    texts = texts_of(figure)
    assert texts[0] == "Every layer"
    assert {"input", "8x8x1", "conv2d_1", "6x6x20", "the first 12, 8 hidden", "conv2d_1_relu", "dense_1"} <= set(texts)
    assert {"logits", "probabilities"} <= set(texts)
    images = figure.axes[0].images
    assert len(images) == 1 + (MOST_MAPS + 1) + (5 + 1)  # the image, then maps and a colour bar a layer
    most = np.abs(signed.values).max()
    assert np.array_equal(images[1].get_array(), signed.values[..., 0])
    assert {image.get_clim() for image in images[1:14]} == {(-most, most)}
    assert {image.get_clim()[0] for image in images[14:]} == {0.0}
    tops = [image.get_extent()[3] for image in images]
    assert tops == sorted(tops)  # from top to bottom


def test_single_values_are_bars_and_none_is_hidden() -> None:
    texts = texts_of(layer_walk([IMAGE, Given("conv2d_1", maps(1, 1, MOST_BARS)), *LAST], "", NAMES))
    assert not any("hidden" in text for text in texts)


def test_probabilities_are_bars_labelled_by_class() -> None:
    logits, probabilities = layer_walk([IMAGE, *LAST], "", NAMES).axes[1:]
    assert [bar.get_height() for bar in logits.patches] == [-2, 3, 0.5]
    assert logits.patches[0].get_facecolor() != logits.patches[1].get_facecolor()
    assert [label.get_text() for label in probabilities.get_xticklabels()] == list(NAMES)
    assert [text.get_text() for text in probabilities.texts] == ["0.010", "0.900", "0.090"]


def test_of_many_classes_the_greatest_are_drawn_and_long_names_lose_their_middle() -> None:
    names = [f"a very long class name {number}" for number in range(40)]
    values = np.arange(40, dtype=np.float32)
    figure = layer_walk([IMAGE, Given("softmax", values / values.sum(), False, True)], "", names)
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert len(labels) == MOST_BARS
    assert (labels[0], labels[-1]) == ("a very…name 20", "a very…name 39")
    assert "the 20 greatest, 20 hidden" in texts_of(figure)


def test_a_long_vector_is_a_strip_in_lines_and_a_short_one_bars() -> None:
    vector = np.arange(300, dtype=np.float32)
    figure = layer_walk([IMAGE, Given("flatten_1", vector), Given("short", vector[:8])], "", NAMES)
    strip = np.ma.filled(figure.axes[0].images[1].get_array(), np.nan)
    assert strip.shape == (3, 128)
    assert np.array_equal(strip.ravel()[:300], vector)
    assert np.isnan(strip.ravel()[300:]).all()
    assert "128 values a line" in texts_of(figure)
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == list("01234567")


def test_colour_images_and_those_of_other_channel_counts_do() -> None:
    assert layer_walk([Given("input", maps(6, 9, 3))], "", NAMES).axes[0].images[0].get_array().shape == (6, 9, 3)
    assert len(layer_walk([Given("input", maps(6, 9, 9))], "", NAMES).axes[0].images) == 6


@pytest.mark.parametrize(
    "values",
    [np.zeros((4, 4, 2)), np.zeros((5, 7)), np.float32(3) * np.ones(()), maps(1, 200, 2), np.ones((2, 3, 4, 5))],
)
def test_what_is_zero_or_of_an_unusual_shape_is_drawn(values: Any) -> None:
    layer = Given("block.with.a.very.long.name.of.a.layer", values)
    assert render(layer_walk([IMAGE, layer, *LAST], "$a$", NAMES)).startswith(b"\x89PNG")
    assert render(layer_grid(layer, IMAGE.values, "$a$", NAMES)).startswith(b"\x89PNG")


def test_of_very_many_layers_the_middle_is_left_out_and_the_title_says_so() -> None:
    figure = layer_walk([IMAGE, *[Given(f"layer{n}", maps(2, 2, 1)) for n in range(70)], *LAST], "", NAMES)
    texts = texts_of(figure)
    assert f"{73 - MOST_LAYERS} layers in the middle are in the .npz file only." in texts
    assert {"input", "layer56", "softmax"} <= set(texts)
    assert "layer60" not in texts


@pytest.mark.parametrize("count", [1, 20, 70])
def test_all_maps_of_one_layer_are_drawn_and_numbered(count: int) -> None:
    layer = Given("conv2d_1", maps(6, 6, count) - 0.5, True)
    figure = layer_grid(layer, IMAGE.values, "conv2d_1 for an image", NAMES)
    assert len(figure.axes[0].images) == 1 + count + 1
    assert {"the image", "value", *map(str, range(count))} <= set(texts_of(figure))


def test_one_layer_that_is_a_vector_is_drawn_as_in_the_walk() -> None:
    figure = layer_grid(LAST[1], IMAGE.values, "", NAMES)
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == list(NAMES)
