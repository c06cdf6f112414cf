"""Trainings that begin from the weights of a run."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import RunError, SettingError, SpecError
from pellucid.model.vote import members_of

NORMED = "conv 4 3x3, batchnorm, relu, maxpool 2x2, flatten, dense 8 relu, dense 3 softmax"
QUICK = {"epochs": 2, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def source(bars: DataSplits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run to start from."""
    path = tmp_path_factory.mktemp("runs") / "source"
    pl.fit(bars, model=NORMED, out=path, **QUICK)
    return path


def others(dataset: ImageDataset, names: tuple[str, ...]) -> ImageDataset:
    return ImageDataset(dataset.images, dataset.labels, names)


@pytest.fixture(scope="module")
def renamed(bars: DataSplits) -> DataSplits:
    """The same images; their classes have other names."""
    names = ("a", "b", "c")
    return DataSplits("renamed", others(bars.train, names), others(bars.test, names))


def weights_of(run: pl.Run) -> dict[str, torch.Tensor]:
    return run.model.state_dict()


def test_a_training_begins_where_the_run_ended(bars: DataSplits, source: Path) -> None:
    before, run = pl.load_run(source), pl.fit(bars, start_from=source, epochs=1, batch_size=16, learning_rate=1e-9)
    assert run.record.model == before.record.model
    for name, weight in weights_of(before).items():
        if "running" not in name:
            assert torch.allclose(weights_of(run)[name], weight, atol=1e-6), name
    assert run.record.origin.taken == ("conv2d_1", "batch_normalization_1", "dense_1", "dense_2")
    assert run.record.origin.fresh == ()


def test_the_last_layer_is_fresh_where_the_classes_are_others(renamed: DataSplits, source: Path) -> None:
    run = pl.fit(renamed, start_from=source, **QUICK)
    assert run.record.origin.model_dump() == {
        "taken": ("conv2d_1", "batch_normalization_1", "dense_1"),
        "fresh": ("dense_2",),
        "frozen": (),
    }


def test_what_fits_is_taken_for_images_of_another_size(make_bars, source: Path) -> None:
    larger = DataSplits("larger", make_bars(90, seed=3, shape=(12, 12, 1)), None)
    assert pl.fit(larger, start_from=source, **QUICK).record.origin.fresh == ("dense_1",)
    colour = DataSplits("colour", make_bars(90, seed=3, shape=(8, 8, 3)), None)
    assert pl.fit(colour, start_from=source, **QUICK).record.origin.fresh == ("conv2d_1",)


@pytest.mark.parametrize("augmentation", [None, "shift=0.1"])
def test_frozen_layers_and_their_statistics_stay_to_the_bit(
    renamed: DataSplits, source: Path, augmentation: str | None
) -> None:
    before = weights_of(pl.load_run(source))
    settings = {"freeze": "conv2d_1,batch_*", "optimizer": pl.AdamW(weight_decay=0.5), "augmentation": augmentation}
    run = pl.fit(renamed, start_from=source, **QUICK | settings)
    assert run.record.origin.frozen == ("conv2d_1", "batch_normalization_1")
    for name, weight in weights_of(run).items():
        kept = name.startswith(("conv2d_1.", "batch_normalization_1."))
        assert torch.equal(weight, before[name]) == kept, name


def test_a_run_is_repeated_by_its_recipe_to_the_bit(renamed: DataSplits, source: Path, tmp_path: Path) -> None:
    first = pl.fit(renamed, start_from=source, freeze="conv2d_1", out=tmp_path / "first", **QUICK)
    start = json.loads((tmp_path / "first" / "run.json").read_text())["train"]["start_from"]
    assert start["run"] == str(source.resolve())
    assert len(start["digest"]) == 64
    pl.fit(renamed, recipe=first.recipe, out=tmp_path / "second")
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second")]
    assert files[0] == files[1]


class Interrupt(pl.Callback):
    """Presses Ctrl-C in the second epoch."""

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        if (epoch, step) == (2, 3):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_training_is_gone_on_with_where_the_run_is_not_there_any_more(
    renamed: DataSplits, source: Path, tmp_path: Path
) -> None:
    shutil.copytree(source, tmp_path / "source")
    how = {"start_from": tmp_path / "source", "freeze": "conv2d_1,batch_*", "class_weights": "balanced", **QUICK}
    pl.fit(renamed, out=tmp_path / "whole", **how)
    pl.fit(renamed, out=tmp_path / "run", callbacks=[Interrupt()], **how)
    shutil.rmtree(tmp_path / "source")
    assert pl.resume(tmp_path / "run", data=renamed).record.status == "done"
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "run")]
    assert files[0] == files[1]


def test_other_weights_in_that_place_are_refused(bars: DataSplits, source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "source")
    recipe = pl.fit(bars, start_from=tmp_path / "source", **QUICK).recipe
    pl.fit(bars, model=NORMED, out=tmp_path / "source", overwrite=True, seed=1, **QUICK)
    with pytest.raises(
        RunError, match="The weights to start from must have the SHA-256 .* Bring the run back as it was"
    ):
        pl.fit(bars, recipe=recipe)
    shutil.rmtree(tmp_path / "source")
    with pytest.raises(RunError):
        pl.fit(bars, recipe=recipe)


def test_a_network_of_which_nothing_fits_is_refused(bars: DataSplits, source: Path) -> None:
    with pytest.raises(SpecError) as caught:
        pl.fit(bars, model="conv 5 3x3, flatten, dense 7, dense 3", start_from=source)
    assert "which has batch_normalization_1 (4), conv2d_1 (4x1x3x3), dense_1 (8x36), dense_2 (3x8)" in str(caught.value)
    assert "received conv2d_1 (5x1x3x3), dense_1 (7x180), dense_2 (3x7). Give the --recipe" in str(caught.value)


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        ("conv2d_2", "Unknown layer to freeze 'conv2d_2'. Did you mean conv2d_1?"),
        ("dense_2", "Only a layer that took its weights from the run can be frozen: conv2d_1, batch_normalization_1"),
    ],
)
def test_layers_that_cannot_be_frozen_are_named(renamed: DataSplits, source: Path, freeze: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        pl.fit(renamed, start_from=source, freeze=freeze)
    assert message in str(caught.value)


def test_something_must_be_left_to_learn(bars: DataSplits, source: Path) -> None:
    with pytest.raises(SettingError, match="freeze must leave a layer to learn"):
        pl.fit(bars, start_from=source, freeze="*")
    with pytest.raises(SettingError, match="freeze needs a run to start from: fresh weights must learn"):
        pl.fit(bars, freeze="conv2d_1")


def test_the_recipe_is_that_of_the_run_fitted_to_the_data(make_bars, bars: DataSplits, tmp_path: Path) -> None:
    pl.fit(bars, recipe="tiny", epochs=1, out=tmp_path / "tiny")
    larger = DataSplits("larger", make_bars(90, seed=3, shape=(40, 40, 1)), None)
    chosen = pl.choose(larger, start_from=tmp_path / "tiny", epochs=1)
    assert (chosen.name, chosen.model) == ("tiny", pl.recipe("tiny", (40, 40, 1), 3).model)
    own = pl.choose(larger, start_from=tmp_path / "tiny", recipe="fast")
    assert own.name == "fast"


def test_votes_begin_from_the_networks_of_the_run(renamed: DataSplits, bars: DataSplits, tmp_path: Path) -> None:
    vote = pl.fit(bars, model=NORMED, vote=2, out=tmp_path / "vote", **QUICK)
    settings = {"start_from": tmp_path / "vote", "freeze": "conv2d_1", "model": NORMED}
    wanted = [member.get_submodule("conv2d_1").weight for member in members_of(vote.model)]
    run = pl.fit(renamed, vote=3, **QUICK | settings)
    found = [member.get_submodule("conv2d_1").weight for member in members_of(run.model)]
    assert [torch.equal(*pair) for pair in zip(found, [*wanted, wanted[0]], strict=True)] == [True] * 3
    assert torch.equal(pl.fit(renamed, vote=1, **QUICK | settings).model.get_submodule("conv2d_1").weight, wanted[0])


class Own(nn.Module):
    """A network of the user's own with torch's batch normalisation."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
        self.head = nn.Linear(144, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))


def test_a_module_of_the_users_own_is_frozen_by_a_pattern(
    renamed: DataSplits, bars: DataSplits, tmp_path: Path
) -> None:
    before = pl.fit(bars, model=Own, out=tmp_path / "own", **QUICK).model.state_dict()
    run = pl.fit(renamed, model=Own, start_from=tmp_path / "own", freeze="features.*", **QUICK)
    assert run.record.origin.frozen == ("features.0", "features.1")
    for name, weight in weights_of(run).items():
        assert torch.equal(weight, before[name]) == name.startswith("features."), name


def test_a_run_that_names_code_must_be_trusted_or_the_model_given(bars: DataSplits, tmp_path: Path) -> None:
    pl.fit(bars, model=Own, out=tmp_path / "own", **QUICK)
    with pytest.raises(RunError, match="is made by code"):
        pl.fit(bars, start_from=tmp_path / "own")


def test_weights_that_are_not_finite_are_refused(bars: DataSplits, source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "source")
    weights = safetensors.torch.load_file(tmp_path / "source" / "model.safetensors")
    weights["dense_1.bias"][0] = float("nan")
    safetensors.torch.save_file(weights, tmp_path / "source" / "model.safetensors", {"format": "pt"})
    with pytest.raises(RunError, match="holds numbers in dense_1.bias that are not finite"):
        pl.fit(bars, start_from=tmp_path / "source")


def test_folds_begin_from_the_run_too(renamed: DataSplits, source: Path, tmp_path: Path) -> None:
    subject = pl.choose(renamed, start_from=source, freeze="conv2d_1", epochs=1)
    result = pl.run_study(pl.FoldStudy(subject=subject, k=2), renamed, out=tmp_path / "folds")
    question = json.loads((tmp_path / "folds" / "study.json").read_text())["question"]
    assert question["subject"]["train"]["start_from"]["run"] == str(source.resolve())
    assert len(result.trials) == 2
    found = pl.range_test(renamed, recipe=subject, updates=20, highest=0.01)
    assert np.isfinite(found.losses).all()
