from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import SettingError
from pellucid.interpret.attribution.explanation import explain
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.images import ChosenImage


@pytest.fixture
def chosen(bars: DataSplits) -> ChosenImage:
    return ChosenImage(np.array(bars.test.images[1]), 1, "an image")


@pytest.fixture
def run(bars_run: Path) -> pl.Run:
    return pl.Run.load(bars_run, device="cpu")


def test_all_methods_that_fit_are_asked_of_the_predicted_class(run: pl.Run, chosen: ChosenImage) -> None:
    found = explain(run, chosen)
    assert [each.method for each in found.maps] == list(METHODS)
    assert len(found.scores.each) == len(METHODS)
    assert (found.label, found.answer, found.left_out) == ("upright", "upright", ())
    assert {each.class_name for each in found.maps} == {"upright"}
    assert 0 < found.confidence <= 1


def test_the_layer_goes_to_those_that_need_one_and_each_method_is_asked_once(run: pl.Run, chosen: ChosenImage) -> None:
    found = explain(run, chosen, ["grad-cam", "saliency", "grad_cam"], "aslant", "max_pooling2d_1")
    assert [(each.method, each.layer) for each in found.maps] == [("grad_cam", "max_pooling2d_1"), ("saliency", None)]
    assert {each.class_name for each in found.maps} == {"aslant"}
    with pytest.raises(SettingError, match="A layer goes with grad_cam, layer_cam"):
        explain(run, chosen, ["saliency"], layer="conv2d_1")


def test_the_control_explains_what_the_trained_network_answers(run: pl.Run, chosen: ChosenImage) -> None:
    trained, control = (explain(run, chosen, ["saliency"], untrained=so) for so in (False, True))
    assert control.answer == trained.answer == control.maps[0].class_name
    assert not np.array_equal(control.maps[0].values, trained.maps[0].values)


def test_methods_that_no_layer_suits_are_left_out(bars: DataSplits, chosen: ChosenImage) -> None:
    run = pl.fit(bars, model="flatten, dense 3 softmax", epochs=1, batch_size=64)
    found = explain(run, chosen)
    assert found.left_out == ("grad_cam", "layer_cam")
    assert not {each.method for each in found.maps} & set(found.left_out)
