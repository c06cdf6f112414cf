from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.errors import RunError, SettingError
from pellucid.interpret.maximize import Target, class_targets, filter_targets, neuron_target
from pellucid.interpret.maximize.targets import answers


@pytest.fixture
def predictor(bars_run: Path) -> pl.Predictor:
    return pl.Predictor.load(bars_run)


def test_all_classes_or_those_that_are_named(predictor: pl.Predictor) -> None:
    assert [target.label for target in class_targets(predictor)] == ["across", "upright", "aslant"]
    assert class_targets(predictor, ["aslant", 0]) == [Target("aslant", "logits", 2), Target("across", "logits", 0)]
    with pytest.raises(SettingError, match="Unknown class 'upwright'. Did you mean upright?"):
        class_targets(predictor, ["upwright"])


def test_all_filters_of_a_layer_or_those_that_are_numbered(predictor: pl.Predictor) -> None:
    assert [target.index for target in filter_targets(predictor, "conv2d_1")] == [0, 1, 2, 3]
    assert filter_targets(predictor, "dense_1", [1]) == [Target("dense_1 1", "dense_1", 1)]
    with pytest.raises(SettingError, match="The filter must be from 0 to 3 in conv2d_1; received 4"):
        filter_targets(predictor, "conv2d_1", [4])


@pytest.mark.parametrize("name", ["conv2d_1_relu", "max_pooling2d_1", "flatten_1", "conv_1"])
def test_only_layers_before_their_activation_are_offered(predictor: pl.Predictor, name: str) -> None:
    with pytest.raises(SettingError, match=r"Unknown convolution or dense layer .*Known: conv2d_1, dense_1\."):
        filter_targets(predictor, name)


def test_a_neuron_by_its_place(predictor: pl.Predictor) -> None:
    target = neuron_target(predictor, "conv2d_1", 3, 5, 0)
    assert target == Target("conv2d_1 3 at 5,0", "conv2d_1", 3, (5, 0))
    with pytest.raises(SettingError, match="The row must be from 0 to 5 in conv2d_1; received 6"):
        neuron_target(predictor, "conv2d_1", 3, 6, 0)
    with pytest.raises(SettingError, match=r"needs a convolution; dense_1 gives 3 units .* --layer dense_1 --filter 2"):
        neuron_target(predictor, "dense_1", 2, 0, 0)


class Tokens(nn.Module):
    """A network of one's own with a layer over tokens, and one that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.idle, self.head = nn.Linear(8, 4), nn.Linear(2, 2), nn.Linear(4, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.tokens(images.squeeze(1)).mean(1))


@pytest.mark.parametrize(("layer", "received"), [("tokens", r"\[8, 4\]"), ("idle", r"\[\]")])
def test_a_layer_of_another_kind_is_told(predictor: pl.Predictor, layer: str, received: str) -> None:
    predictor.model = Tokens()
    with pytest.raises(RunError, match=f"{layer} must give maps or one vector an image; received {received}"):
        filter_targets(predictor, layer)
    assert len(filter_targets(predictor, "head")) == 3


def test_answers_of_rows_in_turn() -> None:
    maps, logits = torch.arange(48.0).reshape(6, 2, 2, 2), torch.arange(18.0).reshape(6, 3)
    targets = [Target("a", "logits", 1), Target("b", "conv", 1), Target("c", "conv", 0, (1, 0))]
    found = answers({"conv": maps, "logits": logits}, targets, starts=2)
    expected = [logits[0, 1], logits[1, 1], maps[2, 1].mean(), maps[3, 1].mean(), maps[4, 0, 1, 0], maps[5, 0, 1, 0]]
    assert found.tolist() == [float(value) for value in expected]
