from __future__ import annotations

import copy
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import DataSplits
from pellucid.errors import SettingError, TrainingError
from pellucid.model.build import build
from pellucid.spec.model import ModelSpec
from pellucid.spec.train import SGD, TrainSpec
from pellucid.study.rate_range import rising_rates
from pellucid.train.loop import update
from pellucid.train.optimizers import Optimizer
from pellucid.train.placed import PlacedSplit

TEXT = "conv 4 3x3, batchnorm, activation relu, maxpool 2x2, flatten, dropout 0.3, dense 3 softmax"
SPEC = TrainSpec(batch_size=16)


@pytest.fixture
def images(bars: DataSplits) -> PlacedSplit:
    return PlacedSplit(DeviceImages(bars.train, torch.device("cpu")), torch.arange(len(bars.train)))


def in_training(images: PlacedSplit, settings=SPEC.optimizer) -> tuple[nn.Module, Optimizer]:
    """A network after a few updates: with statistics, moments, and a gradient that lies about."""
    torch.manual_seed(1)  # for dropout
    network = build(ModelSpec.from_shorthand(TEXT, (8, 8, 1))).train()
    optimizer = Optimizer(network.parameters(), settings)
    for rows in images.rows[:64].split(16):
        update(network, optimizer, *images.data.batch(rows), 0.01)
    next(network.parameters()).grad = torch.ones_like(next(network.parameters()))
    return network, optimizer


def state_of(network: nn.Module, optimizer: Optimizer) -> list[torch.Tensor]:
    """Everything that a training changes."""
    tensors = [
        *network.state_dict().values(),
        *(weight.grad for weight in network.parameters() if weight.grad is not None),
    ]
    tensors += [tensor for value in vars(optimizer).values() for tensor in _tensors(value)]
    return [*tensors, torch.get_rng_state(), torch.tensor([network.training, optimizer.updates])]


def _tensors(value: object) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for part in value for tensor in _tensors(part)] if isinstance(value, list) else []


def test_no_trace_is_left_to_the_bit(images: PlacedSplit) -> None:
    network, optimizer = in_training(images)
    before = copy.deepcopy(state_of(network, optimizer))
    numpys = np.random.get_state()[1].copy()  # noqa: NPY002 - the global generator is what must not be touched
    rising_rates(network, optimizer, images, SPEC, updates=60)
    after = state_of(network, optimizer)
    assert len(before) == len(after) > 20
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))
    assert (np.random.get_state()[1] == numpys).all()  # noqa: NPY002
    # and the training goes on as if nothing had been
    other, same = in_training(images)
    for learner, updater in ((network, optimizer), (other, same)):
        torch.manual_seed(0)
        update(learner, updater, *images.data.batch(images.rows[:16]), 0.01)
    assert all(torch.equal(one, two) for one, two in zip(network.parameters(), other.parameters(), strict=True))


def test_the_rates_rise_by_one_factor_and_the_loss_falls_before_it_explodes(images: PlacedSplit) -> None:
    network, optimizer = in_training(images, SGD())
    found = rising_rates(network, optimizer, images, SPEC, lowest=1e-5, highest=1e3, updates=100)
    steps = np.diff(np.log(found.rates))
    assert np.allclose(steps, steps[0])
    assert found.rates[0] == pytest.approx(1e-5)
    assert 1e-5 < found.steepest <= found.lowest < 100
    assert found.diverged is None or found.diverged > found.lowest
    assert len(found.rates) == len(found.losses) == len(found.smoothed)


def test_it_is_the_same_each_time(images: PlacedSplit) -> None:
    network, optimizer = in_training(images)
    assert rising_rates(network, optimizer, images, SPEC) == rising_rates(network, optimizer, images, SPEC)


def test_a_loss_that_explodes_at_once_is_said(images: PlacedSplit) -> None:
    network, optimizer = in_training(images, SGD(momentum=0))
    with pytest.raises(TrainingError, match="explodes from a learning rate of .* on. Begin lower"):
        rising_rates(network, optimizer, images, SPEC, lowest=1e9, highest=1e12)


def test_the_public_one_needs_public_names_alone(bars: DataSplits, tmp_path: Path) -> None:
    settings = {"recipe": "fast", "batch_size": 16, "optimizer": "sgd", "seed": 1}
    found = pl.range_test(bars, lowest=1e-5, highest=1e3, updates=60, **settings)
    assert isinstance(found, pl.RangeTest)
    assert found.rates[0] == pytest.approx(1e-5)
    assert found.steepest <= found.lowest
    assert pl.range_test(bars, lowest=1e-5, highest=1e3, updates=60, **settings) == found
    study = pl.LearningRateStudy(subject=pl.choose(bars, **settings), seeds=1, low=1e-5, high=1e3, updates=60)
    assert pl.run_study(study, bars, out=tmp_path / "study").findings.lowest == found.lowest


def test_it_takes_a_module_of_the_users_own(bars: DataSplits) -> None:
    found = pl.range_test(bars, model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), updates=40, highest=0.1)
    assert len(found.rates) == 40


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lowest": 0.0}, "lowest must be above 0 and below highest; received 0 and 10"),
        ({"lowest": 1.0, "highest": 0.1}, "lowest must be above 0 and below highest; received 1 and 0.1"),
        ({"updates": 19}, "updates must be at least 20; received 19"),
    ],
)
def test_rates_that_cannot_be_are_refused(bars: DataSplits, settings: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        pl.range_test(bars, **settings)


def test_the_example_of_the_documents_works(mnist: DataSplits) -> None:
    text = (Path(__file__).parents[3] / "docs" / "studies.md").read_text()
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "range_test" in block)
    names: dict = {"pl": pl, "data": mnist}
    exec(example, names)  # noqa: S102
    assert isinstance(names["found"], pl.RangeTest)
