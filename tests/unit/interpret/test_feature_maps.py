from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, RunError
from pellucid.interpret.feature_maps import feature_maps
from pellucid.interpret.layers import observed

Wrap = Callable[[nn.Module], pl.Predictor]
IMAGE = np.random.default_rng(0).integers(0, 256, (8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def predictor(bars_run: Path) -> pl.Predictor:
    return pl.Predictor.load(bars_run)


@pytest.fixture
def wrap(predictor: pl.Predictor) -> Wrap:
    """Another network as if it had been trained on the bars."""
    return lambda model: pl.Predictor(model, predictor.record, torch.device("cpu"))


def test_every_layer_is_there_from_the_image_to_the_probabilities(predictor: pl.Predictor, bars: DataSplits) -> None:
    image = bars.test.images[0]
    layers = feature_maps(predictor, image)
    assert [(each.name, each.values.shape) for each in layers] == [
        ("input", (8, 8, 1)), ("conv2d_1", (6, 6, 4)), ("conv2d_1_relu", (6, 6, 4)), ("max_pooling2d_1", (3, 3, 4)),
        ("flatten_1", (36,)), ("dense_1", (3,)), ("softmax", (3,)),
    ]  # fmt: skip
    values = {each.name: each.values for each in layers}
    assert np.allclose(values["input"], image / 255)
    assert np.array_equal(values["conv2d_1_relu"], np.maximum(values["conv2d_1"], 0))
    assert (values["conv2d_1"] < 0).any()  # before the activation
    assert np.array_equal(values["flatten_1"], values["max_pooling2d_1"].reshape(-1))
    assert np.allclose(values["softmax"], predictor.probabilities(image[None])[0])
    assert [each.name for each in layers if each.per_class] == ["dense_1", "softmax"]
    assert [each.name for each in layers if each.signed] == ["conv2d_1", "dense_1"]


@pytest.mark.parametrize("shape", [(8, 8, 3), (12, 7, 1)])
def test_colour_and_other_shapes_do(predictor: pl.Predictor, shape: tuple[int, int, int]) -> None:
    spec = pl.ModelSpec.from_shorthand("conv 2 3x3, batchnorm, globalavgpool, dense 3 softmax", shape)
    record = predictor.record.model_copy(update={"model": spec})
    other = pl.Predictor(pl.build(spec), record, torch.device("cpu"))
    layers = feature_maps(other, np.zeros(shape, np.uint8))
    assert layers[0].values.shape == shape
    assert layers[1].values.shape == (shape[0] - 2, shape[1] - 2, 2)


def test_a_network_without_convolution_does(wrap: Wrap) -> None:
    layers = feature_maps(wrap(nn.Sequential(nn.Flatten(), nn.Linear(64, 3))), IMAGE)
    assert [each.name for each in layers] == ["input", "0", "1", "softmax"]


class Own(nn.Module):
    """What a factory may give: a layer called twice, in place, functions in between, outputs that are not maps."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.relu = nn.ReLU(inplace=True)
        self.recurrent = nn.LSTM(72, 4, batch_first=True)
        self.dense = nn.Linear(4, 3)
        self.unused, self.aside = nn.Linear(4, 3), nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        vector = self.relu(self.conv(images)).flatten(1)
        states, _ = self.recurrent(vector[:, None])
        self.aside(vector.T), self.aside(vector.sum())
        return self.dense(self.relu(states[:, 0])) * 2


def test_a_module_of_ones_own_does_and_what_is_changed_in_place_is_shown_as_it_was(wrap: Wrap) -> None:
    module = Own()
    layers = feature_maps(wrap(module), IMAGE)
    assert [each.name for each in layers] == ["input", "conv", "relu", "relu:2", "dense", "logits", "softmax"]
    values = {each.name: each.values for each in layers}
    with torch.no_grad():
        before = module.conv(torch.from_numpy(IMAGE / 255).float().permute(2, 0, 1)[None])
    assert np.allclose(values["conv"], before[0].permute(1, 2, 0), atol=1e-6)
    assert (values["conv"] < 0).any()
    assert np.allclose(values["logits"], 2 * values["dense"])


def test_a_module_that_holds_no_other_has_no_layers(wrap: Wrap) -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, images: Tensor) -> Tensor:
            return images.mean(dim=(1, 2, 3))[:, None] * self.weight

    assert [each.name for each in feature_maps(wrap(Bare()), IMAGE)] == ["input", "logits", "softmax"]


@pytest.mark.parametrize(
    ("image", "received"),
    [
        (np.zeros((9, 8, 1), np.uint8), r"uint8 \[9, 8, 1\]"),
        (np.zeros((1, 8, 8, 1), np.uint8), r"uint8 \[1, 8, 8, 1\]"),
        (np.zeros((8, 8, 1), np.float32), r"float32 \[8, 8, 1\]"),
    ],
)
def test_an_image_of_another_form_is_told(predictor: pl.Predictor, image: np.ndarray, received: str) -> None:
    with pytest.raises(DataError, match=rf"The image must be uint8 \[8, 8, 1\], .*; received {received}. Read a file"):
        feature_maps(predictor, image)


def test_weights_that_are_not_finite_are_told(wrap: Wrap) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    nn.init.constant_(module[1].bias, float("nan"))
    with pytest.raises(RunError, match=r"weights must be finite; received others in 1\.bias"):
        feature_maps(wrap(module), IMAGE)


def test_the_network_is_left_as_it_was(wrap: Wrap) -> None:
    module = Own()
    predictor = wrap(module)
    module.train()
    feature_maps(predictor, IMAGE)
    assert all(part.training for part in module.modules())
    assert all(weight.requires_grad for weight in module.parameters())
    with pytest.raises(ZeroDivisionError), observed(module, lambda *_: 1 / 0):
        module(torch.zeros(1, 1, 8, 8))
    assert not any(part._forward_hooks for part in module.modules())


def test_what_a_layer_takes_by_name_is_not_asked_for() -> None:
    class ByName(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Linear(2, 3)

        def forward(self, values: Tensor) -> Tensor:
            return self.dense(input=values)

    seen = []
    with observed(module := ByName(), lambda name, _, taken, given: seen.append((name, taken, given.shape))):
        module(torch.zeros(1, 2))
    assert seen == [("dense", None, (1, 3))]
