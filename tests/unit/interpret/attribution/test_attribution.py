from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, RunError, SettingError
from pellucid.interpret.attribution.attribution import attribute, class_number, fault_of
from pellucid.interpret.attribution.integrated_gradients import Completeness
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.attribution.pixel_question import PixelQuestion
from pellucid.model.vote import Vote

Make = Callable[..., pl.Predictor]
LINEAR = "flatten, dense 3"


def test_what_was_asked_is_kept_with_the_map(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[0]
    found = attribute(predictor, image)
    assert (found.method, found.layer, found.seed, found.signed) == ("grad_cam", "conv2d_1", 0, False)
    answer = predictor.predict(image[None])[0]
    assert (found.class_name, found.probability) == (answer.label, pytest.approx(answer.probability))
    assert found.completeness is None
    other = attribute(predictor, image, "integrated_gradients", "aslant", seed=3)
    assert (other.class_name, other.target, other.layer, other.seed, other.signed) == ("aslant", 2, None, 3, True)
    assert other.probability == pytest.approx(answer.probabilities["aslant"])
    assert other.completeness is not None
    assert other.completeness.holds


def test_trained_networks_are_explained_by_the_bar(predictor: pl.Predictor, bars: DataSplits) -> None:
    """Most of what speaks for an upright bar lies on it."""
    image = bars.test.images[bars.test.labels == 1][0]
    on_bar = image[..., 0] > 200
    for method in ("integrated_gradients", "occlusion"):
        values = attribute(predictor, image, method, "upright").values
        assert values[on_bar].mean() > 2 * np.abs(values[~on_bar]).mean()


def test_smoothgrad_follows_from_its_seed(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[0]
    first = attribute(predictor, image, "smoothgrad", seed=1).values
    assert np.array_equal(first, attribute(predictor, image, "smoothgrad", seed=1).values)
    assert not np.array_equal(first, attribute(predictor, image, "smoothgrad", seed=2).values)


@pytest.mark.parametrize("method", METHODS)
def test_large_images_go_in_several_passes(
    predictor: pl.Predictor, bars: DataSplits, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = attribute(predictor, bars.test.images[0], method).values
    monkeypatch.setattr("pellucid.interpret.attribution.pixel_question.VALUES_A_PASS", 64 * 7)
    assert attribute(predictor, bars.test.images[0], method).values == pytest.approx(whole, abs=1e-4)


def test_an_image_always_goes_through() -> None:
    assert PixelQuestion(torch.nn.Flatten(), torch.zeros(1, 3, 1000, 1000), 0).images_a_pass == 1


def test_integrated_gradients_take_more_steps_where_the_sum_is_off(made: Make) -> None:
    """The logit jumps up within a few thousandths of the way, between two of 64 steps."""
    predictor = made("conv 1 1x1 sigmoid, globalavgpool, dense 3", (2, 2, 1))
    with torch.no_grad():
        predictor.model.conv2d_1.weight.fill_(2000)
        predictor.model.conv2d_1.bias.fill_(-1000)
    image = np.full((2, 2, 1), 255, np.uint8)
    found = attribute(predictor, image, "integrated_gradients")
    assert found.completeness is not None
    assert found.completeness.gap < 0.2 * abs(found.completeness.difference)


def test_a_sum_that_is_off_is_told() -> None:
    assert Completeness(1.0, 1.005).holds
    assert not Completeness(1.0, 1.02).holds
    assert Completeness(1.0, 1.02).gap == pytest.approx(0.02)


@pytest.mark.parametrize(("given", "number"), [(None, 1), ("1", 0), (0, 0), (1, 1), (2, 2), ("c", 2), ("2", 2)])
def test_classes_are_known_by_name_then_by_number(given: str | int | None, number: int) -> None:
    """A number that a program gives is a number, even where a class is called so."""
    assert class_number(given, np.array([0.2, 0.5, 0.3], np.float32), ("1", "0", "c")) == number


def test_unknown_names_are_told(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[0]
    with pytest.raises(
        SettingError, match=r"Unknown method 'gradcam'\. Did you mean grad_cam\? Known: saliency, smooth"
    ):
        attribute(predictor, image, "gradcam")
    with pytest.raises(SettingError, match=r"Unknown class 'uprigth'\. Did you mean upright\?"):
        attribute(predictor, image, target="uprigth")
    with pytest.raises(SettingError, match="Unknown class '3'"):
        attribute(predictor, image, target=3)
    with pytest.raises(SettingError, match=r"Unknown layer 'conv2d_9'\. Did you mean conv2d_1\?"):
        attribute(predictor, image, layer="conv2d_9")
    with pytest.raises(
        SettingError,
        match=r"A layer goes with grad_cam, layer_cam; received conv2d_1 with saliency\. Leave the layer out",
    ):
        attribute(predictor, image, "saliency", layer="conv2d_1")


def test_images_of_another_form_are_refused(predictor: pl.Predictor) -> None:
    with pytest.raises(DataError, match=r"images must be uint8 \[count, 8, 8, 1\]; received uint8 \[1, 9, 8, 1\]"):
        attribute(predictor, np.zeros((9, 8, 1), np.uint8))
    with pytest.raises(DataError, match=r"received float64"):
        attribute(predictor, np.zeros((8, 8, 1)))


@pytest.mark.parametrize("method", METHODS)
def test_weights_that_are_not_finite_are_told(predictor: pl.Predictor, bars: DataSplits, method: str) -> None:
    with torch.no_grad():
        predictor.model.conv2d_1.weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(RunError, match=r"weights must be finite; received others in conv2d_1\.weight"):
        attribute(predictor, bars.test.images[0], method)


def test_logits_that_are_not_finite_are_told(made: Make) -> None:
    predictor = made(LINEAR)
    with torch.no_grad():
        predictor.model.dense_1.weight.fill_(3e38)
    with pytest.raises(RunError, match="The logits of the image must be finite"):
        attribute(predictor, np.full((8, 8, 1), 255, np.uint8), "saliency")


@pytest.mark.parametrize("method", METHODS)
def test_a_dead_network_gives_no_map_and_says_why(made: Make, method: str) -> None:
    predictor = made("conv 2 3x3 relu, flatten, dense 3")
    with torch.no_grad():
        predictor.model.conv2d_1.bias.fill_(-100)
    found = attribute(predictor, np.full((8, 8, 1), 255, np.uint8), method)
    wanted = "no map of the layer speaks for the class" if METHODS[method].layered else "all values are zero"
    assert found.degenerate == wanted


def test_a_map_of_equal_values_says_so(made: Make) -> None:
    predictor = made(LINEAR)
    with torch.no_grad():
        predictor.model.dense_1.weight.fill_(0.5)
    assert attribute(predictor, np.full((8, 8, 1), 7, np.uint8), "saliency").degenerate == "all values are equal"


def test_a_map_that_is_not_finite_says_so() -> None:
    values = np.array([[0, np.nan]], np.float32)
    assert fault_of(values, METHODS["saliency"]) == "some values are not finite"


def test_a_vote_is_explained_by_its_members_logits(bars: DataSplits, predictor: pl.Predictor) -> None:
    """Two equal members have the logits of one, though the vote itself gives logarithms of probabilities."""
    vote = pl.Predictor(Vote([predictor.model, predictor.model]), predictor.record, predictor.device)
    image = bars.test.images[0]
    expected = attribute(predictor, image, "integrated_gradients")
    assert attribute(vote, image, "integrated_gradients").values == pytest.approx(expected.values, abs=1e-5)
