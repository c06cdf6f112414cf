"""Tiny networks whose attributions are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.interpret.attribution.attribution import attribute
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.attribution.scores import curves_of, rank_correlation
from pellucid.run.folder import RunFolder

Known = Callable[..., pl.Predictor]
WHITE = 255


@pytest.fixture(scope="module")
def known(bars_run: Path) -> Known:
    """Makes a run of two classes from shorthand and the weights of each layer that has some, in order."""
    record = RunFolder(bars_run).read_record()

    def make(shape: tuple[int, int, int], layers: str, *weights: Sequence[float]) -> pl.Predictor:
        spec = pl.ModelSpec.from_shorthand(layers, shape)
        model = pl.build(spec)
        with torch.no_grad():
            for weight, values in zip([w for w in model.parameters() if w.dim() > 1], weights, strict=True):
                weight.copy_(torch.tensor(values).reshape(weight.shape))
        data = record.data.model_copy(update={"class_names": ("first", "second")})
        changed = record.model_copy(update={"model": spec, "data": data, "calibration": None})
        return pl.Predictor(model, changed, torch.device("cpu"))

    return make


def white(*shape: int) -> np.ndarray:
    return np.full(shape, WHITE, np.uint8)


LINEAR = (1, -2, 3, -4, 5, -6)


def test_integrated_gradients_of_a_linear_layer_are_weight_times_input(known: Known) -> None:
    predictor = known((2, 3, 1), "flatten, dense 2", (*LINEAR, *[0] * 6))
    image = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)[..., None]
    found = attribute(predictor, image, "integrated_gradients", "first")
    expected = np.array([[1 * 0, -2 * 0.2, 3 * 0.4], [-4 * 0.6, 5 * 0.8, -6 * 1.0]])
    assert found.values == pytest.approx(expected, abs=1e-5)
    assert found.completeness is not None
    assert found.completeness.total == pytest.approx(-3.6, abs=1e-5)
    assert found.completeness.difference == pytest.approx(-3.6, abs=1e-5)
    assert found.completeness.gap < 1e-5
    assert found.completeness.holds


@pytest.mark.parametrize("method", ["saliency", "smoothgrad"])
def test_the_gradient_of_a_linear_layer_is_its_weight(known: Known, method: str) -> None:
    predictor = known((2, 3, 1), "flatten, dense 2", (*LINEAR, *[0] * 6))
    image = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    assert attribute(predictor, image, method, 0).values == pytest.approx(np.abs(LINEAR).reshape(2, 3), abs=1e-5)


@pytest.mark.parametrize(
    ("method", "expected"),
    [("saliency", [[2, 5]]), ("smoothgrad", [[2, 5]]), ("integrated_gradients", [[1, -3]]), ("occlusion", [[-2, -2]])],
)
def test_channels_become_one_map(known: Known, method: str, expected: list[list[float]]) -> None:
    """The largest gradient of the channels; the sum of what they add. The one window covers both pixels."""
    predictor = known((1, 2, 3), "flatten, dense 2", (1, -2, 2, -5, 2, 0, *[0] * 6))
    assert attribute(predictor, white(1, 2, 3), method, 0).values == pytest.approx(np.array(expected), abs=1e-4)


def test_occlusion_of_a_linear_layer_is_the_mean_of_the_windows_sums(known: Known) -> None:
    """Four 2x2 windows on 3x3 pixels, which add 1 to 9, cover 12, 16, 24 and 28."""
    predictor = known((3, 3, 1), "flatten, dense 2", (*range(1, 10), *[0] * 9))
    found = attribute(predictor, white(3, 3, 1), "occlusion", 0)
    assert found.values == pytest.approx(np.array([[12, 14, 16], [18, 20, 22], [24, 26, 28]]), abs=1e-4)


@pytest.mark.parametrize("method", ["grad_cam", "layer_cam"])
def test_class_activation_maps_of_filters_of_plus_and_minus_one(known: Known, method: str) -> None:
    """Maps x and -x, pooled by their mean of 4 places: (2x - x) / 4 for the first class, then (x - 2x) / 4."""
    predictor = known((2, 2, 1), "conv 2 1x1, globalavgpool, dense 2", (1, -1), (2, 1, 1, 2))
    image = np.array([[0, 51], [102, 255]], np.uint8)[..., None]
    found = attribute(predictor, image, method, "first")
    assert found.layer == "conv2d_1"
    assert found.values == pytest.approx(np.array([[0, 0.05], [0.1, 0.25]]), abs=1e-6)
    against = attribute(predictor, image, method, "second")
    assert against.degenerate == "no map of the layer speaks for the class"
    assert not against.values.any()


def test_grad_cam_weights_whole_maps_and_layer_cam_places(known: Known) -> None:
    """A max-pooled map x has the gradient 1 at its maximum alone: the mean is 1/4, and only that place counts."""
    predictor = known((2, 2, 1), "conv 1 1x1, globalmaxpool, dense 2", (1,), (1, 0))
    image = np.array([[51, 51], [102, 255]], np.uint8)[..., None]
    grad_cam = attribute(predictor, image, "grad_cam", 0).values
    assert grad_cam == pytest.approx(np.array([[0.05, 0.05], [0.1, 0.25]]), abs=1e-6)
    assert attribute(predictor, image, "layer_cam", 0).values == pytest.approx(np.array([[0, 0], [0, 1]]), abs=1e-6)


def test_grad_cam_of_maps_that_speak_against_the_class_but_for_a_trace(known: Known) -> None:
    """With the weight -1 and the bias 0.001, black gives 0.001 and white -0.999: less than 1% speaks for the class."""
    predictor = known((2, 2, 1), "conv 1 1x1, globalavgpool, dense 2", (-1,), (1, 0))
    with torch.no_grad():
        predictor.model.conv2d_1.bias.fill_(0.001)
    image = np.array([[0, 255], [255, 255]], np.uint8)[..., None]
    assert attribute(predictor, image, "grad_cam", 0).degenerate == "no map of the layer speaks for the class"


def test_deletion_and_insertion_of_a_linear_model(known: Known) -> None:
    """The pixels add 2, 3, -1 and 1 to the logit against one of 0: they go in the order 3, 2, 1, -1."""
    predictor = known((2, 2, 1), "flatten, dense 2", (2, 3, -1, 1, *[0] * 4))
    image = white(2, 2, 1)
    found = attribute(predictor, image, "integrated_gradients", 0)
    curves = curves_of(predictor, image, 0, [found.values])

    def probability(*logits: float) -> np.ndarray:
        return 1 / (1 + np.exp(-np.array(logits)))

    assert curves.moved.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curves.deletion[0] == pytest.approx(probability(5, 2, 0, -1, 0), abs=1e-6)
    assert curves.insertion[0] == pytest.approx(probability(0, 3, 5, 6, 5), abs=1e-6)
    first, *middle, last = probability(5, 2, 0, -1, 0)
    assert curves.deletion_areas == pytest.approx([(first / 2 + sum(middle) + last / 2) / 4], abs=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1, 2, 3), (10, 20, 1000), 1),
        ((1, 2, 3), (3, 2, 1), -1),
        ((1, 1, 2), (1, 2, 3), 3**0.5 / 2),  # ranks 1.5, 1.5, 3 against 1, 2, 3
        ((1, 1, 1), (1, 2, 3), None),
        ((1, 2, 3), (5, 5, 5), None),
    ],
)
def test_spearmans_rank_correlation(
    first: tuple[float, ...], second: tuple[float, ...], expected: float | None
) -> None:
    found = rank_correlation(np.array(first, float), np.array(second, float))
    assert found == (None if expected is None else pytest.approx(expected))


def test_every_method_has_a_known_answer() -> None:
    """Here, by name: whoever adds a method adds its answer."""
    assert set(METHODS) == {
        "saliency", "smoothgrad", "integrated_gradients", "grad_cam", "layer_cam", "occlusion",
    }  # fmt: skip
