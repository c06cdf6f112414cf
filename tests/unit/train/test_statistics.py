import pytest
import torch

import pellucid as pl
from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import DataSplits
from pellucid.model.build import build
from pellucid.spec.model import ModelSpec
from pellucid.train.statistics import renew_statistics

MODEL = "conv 4 3x3, batchnorm, relu, dropout 0.5, flatten, dense 3 softmax"
SPEC = ModelSpec.from_shorthand(MODEL, (8, 8, 1))


@pytest.fixture
def images(bars: DataSplits) -> DeviceImages:
    return DeviceImages(bars.train, torch.device("cpu"))


def test_the_averages_are_those_of_the_images(images: DeviceImages) -> None:
    network, rows = build(SPEC).train(), torch.arange(100)
    layer = network.get_submodule("batch_normalization_1")
    momentum, weights = layer.momentum, [weight.clone() for weight in network.parameters()]
    layer.running_mean.fill_(7)  # what was there before counts for nothing
    renew_statistics(network, images, rows)
    with torch.no_grad():
        maps = network.get_submodule("conv2d_1")(images.batch(rows)[0])
    assert torch.allclose(layer.running_mean, maps.mean(dim=(0, 2, 3)), atol=1e-5)
    assert torch.allclose(layer.running_var, maps.var(dim=(0, 2, 3), correction=0), rtol=1e-3)
    assert layer.momentum == momentum
    assert not any(module.training for module in network.modules())
    assert all(torch.equal(*pair) for pair in zip(weights, network.parameters(), strict=True))


def test_images_count_alike(images: DeviceImages, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build(SPEC)
    layer, conv = network.get_submodule("batch_normalization_1"), network.get_submodule("conv2d_1")
    monkeypatch.setattr(DeviceImages, "batches", lambda self, rows: (self.batch(part) for part in rows.split(20)))
    rows = torch.arange(41)  # the last batch is of one image
    renew_statistics(network, images, rows)
    with torch.no_grad():
        mean = conv(images.batch(rows)[0]).mean(dim=(0, 2, 3))
    assert torch.allclose(layer.running_mean, mean, atol=1e-5)


def test_a_network_without_it_is_left_as_it_is(images: DeviceImages) -> None:
    network = build(ModelSpec.from_shorthand("flatten, dense 3 softmax", (8, 8, 1)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    renew_statistics(network, images, torch.arange(10))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize(("augmentation", "renewed"), [("shift=0.2", True), ("probability=0.5", False), (None, False)])
def test_augmented_trainings_end_with_it(bars: DataSplits, augmentation: str | None, renewed: bool) -> None:
    run = pl.fit(bars, model=MODEL, epochs=2, augmentation=augmentation, validation_split=None, vote=2)
    images, rows = DeviceImages(bars.train, torch.device("cpu")), torch.arange(len(bars.train))
    for member in run.model.members:
        layer = member.get_submodule("batch_normalization_1")
        found = layer.running_mean.clone()
        renew_statistics(member, images, rows)
        assert torch.allclose(found, layer.running_mean, atol=1e-4) == renewed


def test_the_history_ends_with_the_network_that_is_kept(bars: DataSplits) -> None:
    run = pl.fit(bars, model=MODEL, epochs=2, augmentation="shift=0.2,rotation=20")
    judged = run.evaluate(split="validation")
    assert run.history["val_loss"][-1] == pytest.approx(judged.loss, rel=1e-5)
