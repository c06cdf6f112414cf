from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, RunError, SettingError
from pellucid.interpret.filters import duplicates_of, filters_of, filters_on_data

Wrap = Callable[[nn.Module], pl.Predictor]
IMAGES = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def predictor(bars_run: Path) -> pl.Predictor:
    return pl.Predictor.load(bars_run)


@pytest.fixture
def wrap(predictor: pl.Predictor) -> Wrap:
    """Another network as if it had been trained on the bars."""
    return lambda model: pl.Predictor(model, predictor.record, torch.device("cpu"))


def network(*layers: nn.Module) -> nn.Sequential:
    """These layers after a convolution of three filters; the second gives -10 and less."""
    conv = nn.Conv2d(1, 3, 3)
    with torch.no_grad():
        conv.weight.uniform_(0.1, 0.2)
        conv.bias.copy_(torch.tensor([1.0, -10.0, 1.0]))
        module = nn.Sequential(conv, *layers, nn.Flatten(), nn.LazyLinear(3))
        module(torch.zeros(1, 1, 8, 8))
    return module


def test_the_first_convolution_and_its_figures(predictor: pl.Predictor, bars: DataSplits) -> None:
    found = filters_of(predictor, images=bars.train.images)
    weights = predictor.model.get_submodule("conv2d_1").weight.detach().numpy()
    assert found.layer == "conv2d_1"
    assert np.array_equal(found.kernels, weights.transpose(0, 2, 3, 1))
    assert found.measured_at == "conv2d_1_relu"
    assert found.images == 240
    for number, filter_ in enumerate(found.filters):
        kernel = weights[number]
        assert filter_.number == number
        assert filter_.norm == pytest.approx(np.linalg.norm(kernel))
        assert filter_.mean == pytest.approx(kernel.mean())
        assert (filter_.minimum, filter_.maximum) == (kernel.min(), kernel.max())
        assert filter_.bias is not None
        assert 0 <= filter_.positive_share <= 1


def test_another_convolution_is_chosen_by_name(wrap: Wrap) -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 5, 3, bias=False), nn.Flatten(), nn.Linear(80, 3))
    found = filters_of(wrap(module), "1")
    assert found.kernels.shape == (5, 3, 3, 2)
    assert found.filters[0].bias is None
    with pytest.raises(SettingError, match=r"Unknown convolution '3'\. Known: 0, 1"):
        filters_of(wrap(module), "3")


@pytest.mark.parametrize(
    "layers",
    [
        (nn.ReLU(),),
        (nn.ReLU(inplace=True),),
        (nn.BatchNorm2d(3), nn.ReLU6()),
        (nn.MaxPool2d(2), nn.Dropout(), nn.Identity(), nn.ReLU()),
    ],
)
def test_a_filter_whose_relu_never_fires_is_dead(wrap: Wrap, layers: tuple[nn.Module, ...]) -> None:
    found = filters_of(wrap(network(*layers)), images=IMAGES)
    assert found.dead == [1]
    assert [filter_.positive_share for filter_ in found.filters] == [1.0, 0.0, 1.0]
    assert found.measured_at == str(len(layers))
    assert found.rule == f"{len(layers)} gives 0 everywhere on 120 images"


def test_batch_normalisation_can_wake_a_filter(wrap: Wrap) -> None:
    norm = nn.BatchNorm2d(3)
    module = network(norm, nn.ReLU())
    with torch.no_grad():
        norm.bias.fill_(20)
    assert filters_of(wrap(module), images=IMAGES).dead == []


@pytest.mark.parametrize("layers", [(nn.Tanh(),), (nn.Conv2d(3, 3, 1), nn.ReLU()), ()])
def test_without_a_relu_of_its_own_the_norm_tells(wrap: Wrap, layers: tuple[nn.Module, ...]) -> None:
    module = network(*layers)
    with torch.no_grad():
        module[0].weight[2] *= 0.001
    found = filters_of(wrap(module), images=IMAGES)
    assert found.dead == [2]
    assert found.measured_at == "0"
    assert [filter_.positive_share for filter_ in found.filters] == [1.0, 0.0, 1.0]
    assert found.rule == "the kernel's norm is at most 1% of the greatest, as no ReLU follows"


def test_without_images_the_norm_tells(wrap: Wrap) -> None:
    found = filters_of(wrap(network(nn.ReLU())))
    assert found.dead == []
    assert found.rule.endswith("as no images were looked at")
    assert (found.images, found.measured_at, found.filters[0].positive_share) == (0, None, None)


def test_a_convolution_that_is_called_twice_is_counted_twice(wrap: Wrap) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu, self.dense = nn.Conv2d(1, 1, 1, bias=False), nn.ReLU(), nn.Linear(64, 3)
            nn.init.constant_(self.conv.weight, -1)

        def forward(self, images: Tensor) -> Tensor:
            once = self.relu(self.conv(images))
            twice = self.relu(self.conv(-images - 1))
            return self.dense((once + twice).flatten(1))

    found = filters_of(wrap(Twice()), images=IMAGES)
    assert found.dead == []
    assert found.filters[0].positive_share == 0.5


def test_duplicates_point_to_the_first_that_is_alike() -> None:
    edge, other = np.array([1.0, 0, -1, 0]), np.array([0, 1.0, 0, 1])
    flat = np.stack([edge, other, 3 * edge, -edge, np.zeros(4), edge + 0.1, edge + 0.3, np.zeros(4)])
    kernels = flat.reshape(8, 2, 2, 1).astype(np.float32)
    # The cosine of edge + 0.1 is 2 / sqrt(2 * 2.04) = 0.990, that of edge + 0.3 is 2 / sqrt(2 * 2.36) = 0.921.
    assert duplicates_of(kernels)[2] == 0
    assert duplicates_of(kernels)[5] == 0
    assert set(duplicates_of(kernels)) == {2, 5}


@pytest.mark.parametrize(
    ("images", "received"),
    [
        (IMAGES[:, :7], r"uint8 \[120, 7, 8, 1\]"),
        (IMAGES[:0], r"uint8 \[0, 8, 8, 1\]"),
        (IMAGES.astype(np.float32), "float32"),
    ],
)
def test_images_of_another_form_are_told(predictor: pl.Predictor, images: np.ndarray, received: str) -> None:
    with pytest.raises(DataError, match=rf"The images must be uint8 \[count, 8, 8, 1\]; received {received}"):
        filters_of(predictor, images=images)


def test_a_network_without_a_convolution_or_with_weights_that_are_not_finite_is_told(wrap: Wrap) -> None:
    with pytest.raises(RunError, match="needs a network with a convolution"):
        filters_of(wrap(nn.Sequential(nn.Flatten(), nn.Linear(64, 3))))
    module = network(nn.ReLU())
    nn.init.constant_(module[0].bias, float("inf"))
    with pytest.raises(RunError, match=r"weights must be finite; received others in 0\.bias"):
        filters_of(wrap(module))


def test_the_network_is_left_as_it_was(wrap: Wrap) -> None:
    module = network(nn.ReLU())
    predictor = wrap(module)
    module.train()
    filters_of(predictor, images=IMAGES)
    assert all(part.training for part in module.modules())
    assert all(weight.requires_grad for weight in module.parameters())
    assert not any(part._forward_hooks for part in module.modules())


def test_data_that_are_gone_leave_the_weights_to_tell(bars_run: Path, bars: DataSplits) -> None:
    run = pl.Run.load(bars_run, device="cpu")
    found, missing = filters_on_data(run)
    assert missing
    assert "bars" in missing
    assert found.measured_at is None
    run.data = bars
    found, missing = filters_on_data(run)
    assert (missing, found.images) == (None, 213)
    assert filters_on_data(run, with_images=False)[0].images == 0
