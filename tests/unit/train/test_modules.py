"""Modules of the user's own are trained to the end, or what fails in them is said."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.batches.images import mini_batches
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError, RunError, SettingError, SpecError, TrainingError
from pellucid.interpret.control import untrained

NETS = """
import torch
from torch import nn

class Viewed(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv, self.pool, self.fc = nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Linear(36, classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        x = x.view(-1, 4 * 3 * 3)
        return self.fc(x)

class Reshaped(Viewed):
    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))
        return self.fc(x.reshape(-1, 36))

def normalised():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))

def soft():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=1))

class Auxiliary(nn.Module):
    def __init__(self):
        super().__init__()
        self.line, self.auxiliary = nn.Linear(64, 3), nn.Linear(64, 3)

    def forward(self, x):
        x = x.flatten(1)
        return {"logits": self.line(x), "aux": self.auxiliary(x)} if self.training else self.line(x)
"""
QUICK = {"epochs": 6, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "users_nets.py").write_text(NETS)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("users_nets", None)


def some(data: DataSplits, count: int) -> DataSplits:
    train = data.train
    return DataSplits("some", ImageDataset(train.images[:count], train.labels[:count], train.class_names), data.test)


@pytest.mark.parametrize("vote", [1, 2])
def test_view_is_trained_as_its_twin_with_reshape(bars: DataSplits, nets: Path, vote: int) -> None:
    run = pl.fit(bars, model="users_nets:Viewed", out=nets / "run", vote=vote, **QUICK)
    twin = pl.fit(bars, model="users_nets:Reshaped", vote=vote, **QUICK)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert run.history[name] == pytest.approx(twin.history[name], rel=1e-4)
    assert run.evaluate().accuracy == twin.evaluate().accuracy > 0.8
    document = json.loads((nets / "run" / "run.json").read_text())
    assert document["environment"]["memory_format"] == "contiguous_format"
    assert twin.record.environment.memory_format == "channels_last"
    loaded = pl.load_run(nets / "run", trust=True)
    assert np.array_equal(loaded.probabilities(bars.test.images), run.probabilities(bars.test.images))
    assert untrained(loaded).probabilities(bars.test.images).shape == (90, 3)
    assert pl.attribute(loaded, bars.test.images[0], "saliency").values.shape == (8, 8)


def test_view_is_trained_in_studies_too(bars: DataSplits, nets: Path) -> None:
    study = pl.LearningRateStudy(subject=pl.choose(bars, model="users_nets:Viewed"), seeds=1, updates=50)
    assert pl.run_study(study, bars, out=nets / "study").findings.suggestion > 0


def test_a_last_batch_of_one_is_joined_to_the_one_before(bars: DataSplits, nets: Path) -> None:
    sizes: list[pl.Plan | int] = []

    class Listener(pl.Callback):
        def on_train_begin(self, plan: pl.Plan) -> None:
            sizes.append(plan.steps_per_epoch)

        def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
            sizes.append(step)

    def make() -> nn.Module:
        import users_nets

        module = users_nets.normalised()
        module.register_forward_pre_hook(lambda module, taken: seen.append(len(taken[0])) if module.training else None)
        return module

    seen: list[int] = []
    settings = {"validation_split": None, "epochs": 2, "batch_size": 16}
    run = pl.fit(some(bars, 65), model=make, callbacks=[Listener()], **settings)
    assert seen[-8:] == [16, 16, 16, 17] * 2
    assert sizes == [4, 1, 2, 3, 4, 1, 2, 3, 4]
    assert run.record.results.steps == 8
    assert run.history["accuracy"][0] * 65 == pytest.approx(round(run.history["accuracy"][0] * 65))
    whole = pl.fit(some(bars, 209), model="users_nets:normalised", validation_split=None, **QUICK)
    assert whole.evaluate().accuracy > 0.6


def test_other_networks_keep_a_last_batch_of_one(bars: DataSplits) -> None:
    assert pl.fit(some(bars, 65), model="flatten, dense 3", validation_split=None, epochs=1, batch_size=16).record
    assert mini_batches(65, 16) == [16, 16, 16, 16, 1]
    assert mini_batches(65, 16, least=2) == [16, 16, 16, 17]
    assert mini_batches(66, 16, least=2) == [16, 16, 16, 16, 2]
    assert mini_batches(64, 16, least=2) == [16] * 4
    assert mini_batches(1, 16, least=2) == [1]


def test_batches_that_a_module_cannot_take_are_refused_before_training(bars: DataSplits, nets: Path) -> None:
    with pytest.raises(SettingError) as caught:
        pl.fit(bars, model="users_nets:normalised", batch_size=1, out=nets / "run")
    rule = "batch_size must be at least 2, as users_nets:normalised cannot be trained on fewer images at once"
    assert str(caught.value).startswith(f"{rule}; received 1. Set a larger batch_size")
    assert not (nets / "run").exists()
    one = ImageDataset(bars.train.images[:1], bars.train.labels[:1], bars.class_names)
    with pytest.raises(DataError, match="Images to train on must be at least 2, as users_nets:normalised"):
        pl.fit(DataSplits("one", one, None), model="users_nets:normalised", validation_split=None)


def test_several_outputs_in_training_are_refused(bars: DataSplits, nets: Path) -> None:
    with pytest.raises(SpecError, match="in training mode; received a dict. Return the logits alone, in training too"):
        pl.fit(bars, model="users_nets:Auxiliary", out=nets / "run", **QUICK)
    assert not (nets / "run").exists()


def test_a_softmax_at_the_end_is_said(bars: DataSplits, nets: Path) -> None:
    with pytest.warns(pl.PellucidWarning, match="users_nets:soft must give logits; what it gives are probabilities"):
        run = pl.fit(bars, model="users_nets:soft", out=nets / "run", **QUICK)
    assert pl.load_run(nets / "run", trust=True).record == run.record  # which says nothing any more


class Failing(nn.Module):
    """Fails in a layer at one call in training, or wherever it is evaluated."""

    def __init__(self, error: Exception, at: int = -1, images: int = 0) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Flatten(), Bomb(error, at, images), nn.Linear(64, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(images)


class Bomb(nn.Module):
    def __init__(self, error: Exception, at: int, images: int) -> None:
        super().__init__()
        self.error, self.at, self.images, self.calls = error, at, images, 0

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        self.calls += self.training
        if self.calls == self.at or len(values) == self.images:
            raise self.error
        return values


def test_a_failure_in_training_is_named_with_its_place_and_step(bars: DataSplits, tmp_path: Path) -> None:
    def make() -> nn.Module:
        return Failing(ValueError("boom.\nand more"), at=16)

    with pytest.raises(TrainingError) as caught:
        pl.fit(bars, model=make, out=tmp_path / "run", epochs=3, batch_size=16)
    text = str(caught.value)
    assert "test_failure_in_training" not in text
    assert "<locals>.make must take float images [batch, 1, 8, 8], 16 at once in epoch 2, step 2 of 14; " in text
    assert "received ValueError: boom (in head.1, a Bomb, test_modules.py line " in text
    assert text.endswith(". Try the module by itself on torch.rand(16, 1, 8, 8).")
    assert isinstance(caught.value.__cause__, ValueError)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_gradient_is_named(bars: DataSplits) -> None:
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(_context, values: torch.Tensor) -> torch.Tensor:
            return values.clone()

        @staticmethod
        def backward(_context, gradient: torch.Tensor) -> torch.Tensor:
            if len(gradient) > 2:
                raise ZeroDivisionError
            return gradient

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Linear(64, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return Fails.apply(self.line(images.flatten(1)))

    with pytest.raises(TrainingError, match="Own must take .* in epoch 1, step 1 of 14; received ZeroDivisionError"):
        pl.fit(bars, model=Own, **QUICK)


def test_want_of_memory_and_our_own_errors_stay_what_they_are(bars: DataSplits) -> None:
    with pytest.raises(pl.DeviceError, match="The memory does not suffice"):
        pl.fit(bars, model=lambda: Failing(RuntimeError("CUDA out of memory."), images=16), **QUICK)
    with pytest.raises(DataError, match=r"^mine$"):
        pl.fit(bars, model=lambda: Failing(DataError("mine"), images=16), **QUICK)


def test_a_failure_in_prediction_is_named(bars: DataSplits) -> None:
    run = pl.fit(bars, model=lambda: Failing(ValueError("boom"), images=90), **QUICK)
    with pytest.raises(RunError, match="90 at once in evaluation mode; received ValueError: boom .in head.1, a Bomb"):
        run.evaluate()
