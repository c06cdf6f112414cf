import itertools
import json
import os
import shutil
import signal
import threading
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

import pellucid as pl
import pellucid.train.placed as placed_module
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError, PellucidWarning, RunError, SettingError, SpecError, TrainingError

MODEL = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
QUICK = {"epochs": 2, "batch_size": 16}


class Interrupt(pl.Callback):
    """Presses Ctrl-C."""

    def __init__(self, times: int = 1, epoch: int = 2, step: int = 3) -> None:
        self.times, self.at = times, (epoch, step)

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        if (epoch, step) == self.at:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


def untouchable() -> ImageDataset:
    raise AssertionError("training reached for the test split")


def test_training_cannot_reach_the_test_split(bars: DataSplits, tmp_path: Path) -> None:
    sealed = DataSplits("sealed", bars.train, untouchable)
    run = pl.fit(sealed, model=MODEL, out=tmp_path / "run", **QUICK)
    run.plot()
    assert run.record.status == "done"
    with pytest.raises(AssertionError, match="reached for the test split"):
        run.evaluate()


def test_the_example_of_the_design_works(bars: DataSplits) -> None:
    model = pl.ModelSpec(
        input_shape=(8, 8, 1),
        layers=[
            pl.Conv2D(filters=4, kernel_size=(3, 3), activation="relu"),
            pl.MaxPooling2D(pool_size=(2, 2)),
            pl.Flatten(),
            pl.Dense(units=3, activation="softmax"),
        ],
    )
    run = pl.fit(bars, model=model, batch_size=16, epochs=8, learning_rate=0.01, validation_split=0.1)
    assert len(run.history["val_accuracy"]) == 8
    assert run.evaluate().accuracy > 0.9
    assert run.path is None


def test_a_run_folder_holds_all_that_the_contract_names(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=MODEL, out=tmp_path / "run", **QUICK)
    run.plot()
    evaluation = run.evaluate()
    names = {"run.json", "history.csv", "model.safetensors", "curves.png", "evaluation.json", "doubt.safetensors"}
    assert {file.name for file in (tmp_path / "run").iterdir()} == names
    assert (tmp_path / "run" / "history.csv").read_text() == run.history.to_csv()
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text())["accuracy"] == evaluation.accuracy
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["results"]["test"]["accuracy"] == evaluation.accuracy
    assert record["results"]["validation"]["accuracy"] == run.history["val_accuracy"][-1]
    weights = safetensors.numpy.load_file(tmp_path / "run" / "model.safetensors")
    assert list(weights) == sorted(run.model.state_dict())


def test_a_saved_run_answers_as_before(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, recipe="fast", epochs=1)
    run.save(tmp_path / "run")
    loaded = pl.load_run(tmp_path / "run")
    assert np.array_equal(loaded.probabilities(bars.test.images), run.probabilities(bars.test.images))
    assert loaded.history == run.history
    assert loaded.record == run.record
    with pytest.raises(RunError, match="exists already"):
        run.save(tmp_path / "run")


def test_the_same_seed_gives_the_same_file_to_the_bit(bars: DataSplits, tmp_path: Path) -> None:
    files = []
    for name, seed in [("a", 3), ("b", 3), ("c", 4)]:
        pl.fit(bars, recipe="fast", epochs=2, batch_size=32, seed=seed, out=tmp_path / name)
        files.append((tmp_path / name / "model.safetensors").read_bytes())
    assert files[0] == files[1] != files[2]


def test_the_callers_random_state_is_left_alone(bars: DataSplits) -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()
    pl.fit(bars, model="flatten, dropout 0.5, dense 3", **QUICK)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_small_data_set_is_learned_as_it_comes(small_mnist: DataSplits) -> None:
    run = pl.fit(small_mnist)
    assert run.record.train.epochs == 25
    assert run.evaluate().accuracy > 0.9
    assert pl.fit(small_mnist, epochs=1).record.train.epochs == 1


def test_recipe_model_and_settings_are_combined(bars: DataSplits) -> None:
    fast = pl.recipe("fast", (8, 8, 1), 3)
    own = pl.fit(bars, recipe="fast", epochs=1, optimizer="sgd").record
    assert (own.recipe, own.model) == ("fast", fast.model)
    assert own.train == fast.train.replace(epochs=1, optimizer="sgd")
    custom = pl.fit(bars, model=MODEL, epochs=1).record
    assert (custom.recipe, custom.train) == ("custom", pl.TrainSpec(epochs=1))
    both = pl.fit(bars, model=MODEL, recipe="fast", epochs=1).record
    assert (both.recipe, both.train) == ("fast", fast.train.replace(epochs=1))
    assert both.model == custom.model


def test_a_recipe_is_given_by_name_by_file_or_as_it_is(bars: DataSplits, tmp_path: Path) -> None:
    mine = pl.choose(bars, model=MODEL, epochs=1, seed=3).replace(name="mine")
    (tmp_path / "file.json").write_text(mine.to_json())
    run = pl.fit(bars, recipe=mine, out=tmp_path / "run")
    assert run.recipe == mine
    assert json.loads((tmp_path / "run" / "run.json").read_text())["recipe"] == "mine"
    assert pl.fit(bars, recipe=tmp_path / "file.json").recipe == mine
    assert pl.fit(bars, recipe=mine, epochs=2).recipe == mine.replace(train=mine.train.replace(epochs=2))


def test_a_recipe_must_fit_the_data(bars: DataSplits) -> None:
    with pytest.raises(SpecError, match="input_shape must be as the data's images, 8x8x1; received 28x28x1"):
        pl.fit(bars, recipe=pl.recipe("tutorial", (28, 28, 1), 3))


@pytest.mark.parametrize("vote", [1, 2])
def test_a_recipe_file_may_name_a_factory(
    bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vote: int
) -> None:
    (tmp_path / "of_a_recipe.py").write_text(
        "from torch import nn\ndef make(classes): return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    model = {"factory": "of_a_recipe:make", "input_shape": [8, 8, 1], "classes": 3}
    (tmp_path / "own.json").write_text(json.dumps({"model": model, "train": {"epochs": 1, "vote": vote}}))
    run = pl.fit(bars, recipe=str(tmp_path / "own.json"), out=tmp_path / "run")
    assert (run.record.recipe, run.record.train.vote) == ("own", vote)
    assert np.allclose(
        pl.load_run(tmp_path / "run", trust=True).probabilities(bars.test.images), run.probabilities(bars.test.images)
    )


def test_augmentation_follows_from_the_seed_and_is_recorded(bars: DataSplits, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run = pl.fit(bars, model=MODEL, augmentation="shift=0.1,noise=0.1", out=tmp_path / name, **QUICK)
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    plain = pl.fit(bars, model=MODEL, out=tmp_path / "c", **QUICK)
    assert (tmp_path / "a/model.safetensors").read_bytes() != (tmp_path / "c/model.safetensors").read_bytes()
    assert run.record.train.augmentation == pl.AugmentSpec(shift=0.1, noise=0.1)
    assert pl.load_run(tmp_path / "a").record == pl.load_run(tmp_path / "b").record.model_copy(
        update={name: getattr(pl.load_run(tmp_path / "a").record, name) for name in ("started", "results")}
    )
    assert plain.record.train.augmentation is None


def test_images_that_two_splits_share_go_to_the_device_once(bars: DataSplits, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = []
    original = placed_module.DeviceImages
    monkeypatch.setattr(placed_module, "DeviceImages", lambda *given: placed.append(given) or original(*given))
    pl.fit(bars, model=MODEL, **QUICK)
    assert len(placed) == 1
    pl.fit(DataSplits("own", bars.train, None, bars.test), model=MODEL, **QUICK)
    assert len(placed) == 3


def test_data_of_the_same_name_from_elsewhere_are_other_data(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=MODEL, out=tmp_path / "run", **QUICK)
    elsewhere = DataSplits("bars", bars.test, bars.test, location=str(tmp_path / "other" / "bars"))
    assert run.evaluate(elsewhere).count == 90
    assert not (tmp_path / "run" / "evaluation.json").exists()


def test_a_validation_split_of_the_data_is_used(bars: DataSplits) -> None:
    splits = DataSplits("own", bars.train, None, bars.test)
    run = pl.fit(splits, model=MODEL, **QUICK)
    assert run.record.data.counts == {"train": 240, "validation": 90}
    assert run.evaluate(splits, split="validation").accuracy == run.history["val_accuracy"][-1]
    assert run.evaluate(splits, split="train").count == 240


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 28, 32, 64, 224])
def test_the_recipes_learn_at_every_size(make_bars, size: int, channels: int) -> None:
    data = DataSplits(
        "bars",
        make_bars(120 if size <= 64 else 90, seed=0, shape=(size, size, channels), width=max(1, size // 8)),
        None,
    )
    run = pl.fit(data, recipe="fast", epochs=8, batch_size=16, validation_split=0.25)
    assert max(run.history["val_accuracy"]) > 0.8
    if size <= 64:
        run = pl.fit(data, recipe="tutorial", epochs=8, batch_size=8, validation_split=0.25)
        assert max(run.history["val_accuracy"]) > 0.8


def test_a_run_on_arrays_finds_its_test_split_again(bars: DataSplits, tmp_path: Path) -> None:
    np.savez(tmp_path / "bars.npz", images=bars.train.images, labels=bars.train.labels)
    data = pl.load_data(tmp_path / "bars.npz", test_split=0.3)
    before = pl.fit(data, model=MODEL, out=tmp_path / "run", **QUICK).evaluate()
    again = pl.load_run(tmp_path / "run").evaluate()
    assert again == before
    assert again.count > 45


def test_nothing_is_held_out_on_demand(bars: DataSplits) -> None:
    run = pl.fit(bars, model=MODEL, validation_split=None, **QUICK)
    assert run.record.data.counts == {"train": 240}
    assert run.record.results is not None
    assert run.record.results.validation is None
    assert np.isnan(run.history["val_loss"]).all()
    with pytest.raises(DataError, match="The run held out no validation split"):
        run.evaluate(split="validation")


def test_the_splits_of_the_training_can_be_judged(bars: DataSplits) -> None:
    run = pl.fit(bars, model=MODEL, **QUICK)
    validation = run.evaluate(split="validation")
    assert validation.count == run.record.data.counts["validation"]
    assert validation.accuracy == run.history["val_accuracy"][-1]
    assert validation.loss == pytest.approx(run.history["val_loss"][-1], rel=1e-5)
    assert run.evaluate(split="train").count == 240 - validation.count
    with pytest.raises(SettingError, match="Unknown split 'tset'. Did you mean test?"):
        run.evaluate(split="tset")


def test_other_data_are_judged_but_not_recorded(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=MODEL, out=tmp_path / "run", **QUICK)
    other = DataSplits("other", bars.train, bars.test)
    assert run.evaluate(other).data == "other"
    assert run.record.results is not None
    assert run.record.results.test is None
    assert not (tmp_path / "run" / "evaluation.json").exists()
    changed = DataSplits("bars", bars.test, bars.test)
    with pytest.raises(DataError, match="bars has changed since the run was trained"):
        run.evaluate(changed)


def test_data_without_a_name_must_be_given_again(bars_run: Path) -> None:
    with pytest.raises(
        DataError, match="The run was trained on bars, which is not here. Bring it back, or give other data."
    ):
        pl.load_run(bars_run).evaluate()


def test_any_module_can_be_trained(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), out=tmp_path / "run", **QUICK)
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["model"]["factory"].endswith("<lambda>")
    assert run.evaluate().count == 90
    with pytest.raises(SpecError, match="must be importable"):
        pl.load_run(tmp_path / "run", trust=True)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"recipe": "fsat"}, SettingError, "Unknown recipe 'fsat'. Did you mean fast?"),
        ({"epoch": 2}, SettingError, "Unknown setting 'epoch'; received 2. Did you mean epochs?"),
        ({"model": "flatten, dense 4"}, SpecError, "one value for each of the 3 classes; received 4"),
        (
            {"model": pl.recipe("tutorial", (28, 28, 1), 3).model},
            SpecError,
            "as the data's images, 8x8x1; received 28x28x1",
        ),
        ({"augmentation": "shfit=0.1"}, SettingError, "Unknown setting 'shfit'; received 0.1. Did you mean shift?"),
        ({"augmentation": "shift=2"}, SettingError, "shift must be at most 0.5; received 2.0. Give a share"),
        ({"device": "cuda:77"}, pl.DeviceError, "This machine offers no device cuda:77"),
        ({"gpu_memory_mib": 100, "device": "cpu"}, pl.DeviceError, "A GPU memory cap needs a CUDA device"),
        ({"precision": "fp8"}, SettingError, "Unknown precision 'fp8'"),
        ({"model": nn.Linear(64, 3)}, SpecError, "a callable that makes a torch.nn.Module; received a Linear"),
        ({"model": 5}, SpecError, "a callable that makes a torch.nn.Module; received a int"),
        ({"model": "flatten, dense 99999999, dense 999999, dense 3"}, pl.DeviceError, "MiB of memory; this machine"),
        ({"model": MODEL, "learning_rate": 1e30}, TrainingError, "The loss must be finite; received"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_no_folder(
    bars: DataSplits, tmp_path: Path, arguments: dict, kind: type, message: str
) -> None:
    with pytest.raises(kind) as caught:
        pl.fit(bars, out=tmp_path / "run", **arguments)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_one_class_is_too_few(bars: DataSplits) -> None:
    one = ImageDataset(bars.train.images, np.zeros(240, np.int64), ("all",))
    with pytest.raises(DataError, match="A classifier needs at least 2 classes; one has 1"):
        pl.fit(DataSplits("one", one, None))


def test_ctrl_c_keeps_what_was_trained(bars: DataSplits, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    run = pl.fit(bars, model=MODEL, out=tmp_path / "run", epochs=9, batch_size=16, callbacks=[Interrupt()])
    assert signal.getsignal(signal.SIGINT) is before
    assert run.record.status == "interrupted"
    assert run.record.results is not None
    assert (run.record.results.epochs, run.record.results.steps) == (1, 14 + 3)
    assert run.record.results.validation is None
    loaded = pl.load_run(tmp_path / "run", trust=True)
    assert loaded.record == run.record
    assert np.array_equal(loaded.probabilities(bars.test.images), run.probabilities(bars.test.images))


def test_a_second_ctrl_c_stops_at_once_and_leaves_what_was_put_down(bars: DataSplits, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        pl.fit(bars, model=MODEL, out=tmp_path / "run", callbacks=[Interrupt(times=2, epoch=1)], **QUICK)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), pytest.warns(PellucidWarning, match="What was saved stays"):
        pl.fit(bars, model=MODEL, out=tmp_path / "run", callbacks=[Interrupt(times=2, epoch=2)], **QUICK)
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == ["checkpoints", "history.csv", "run.json"]


def test_training_works_outside_the_main_thread(bars: DataSplits) -> None:
    runs: list = []
    thread = threading.Thread(target=lambda: runs.append(pl.fit(bars, model=MODEL, **QUICK)))
    thread.start()
    thread.join()
    assert runs[0].record.status == "done"


def test_a_failing_callback_leaves_what_was_put_down_before(bars: DataSplits, tmp_path: Path) -> None:
    class Bad(pl.Callback):
        at = (1, 1)

        def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
            if (epoch, step) == self.at:
                raise ZeroDivisionError

    bad = Bad()
    with pytest.raises(ZeroDivisionError):
        pl.fit(bars, model=MODEL, out=tmp_path / "run", callbacks=[bad], **QUICK)
    assert list(tmp_path.iterdir()) == []
    bad.at = (2, 1)
    with pytest.raises(ZeroDivisionError), pytest.warns(PellucidWarning, match="What was saved stays"):
        pl.fit(bars, model=MODEL, out=tmp_path / "run", callbacks=[bad], **QUICK)
    assert pl.resume(tmp_path / "run", data=bars).record.status == "done"


def test_an_older_run_is_replaced_only_on_demand(bars: DataSplits, tmp_path: Path) -> None:
    pl.fit(bars, model=MODEL, out=tmp_path / "run", **QUICK)
    first = (tmp_path / "run" / "model.safetensors").read_bytes()
    with pytest.raises(RunError, match="exists already. Choose another --out, or give --overwrite"):
        pl.fit(bars, model=MODEL, out=tmp_path / "run", **QUICK)
    with pytest.raises(TrainingError):
        pl.fit(bars, model=MODEL, out=tmp_path / "run", overwrite=True, learning_rate=1e30)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == first
    pl.fit(bars, model=MODEL, out=tmp_path / "run", overwrite=True, seed=1, **QUICK)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() != first


def test_the_history_is_on_disk_after_each_epoch(bars: DataSplits, tmp_path: Path) -> None:
    lines: list[int] = []

    class Look(pl.Callback):
        def on_epoch_end(self, epoch: pl.Epoch) -> None:
            lines.append(len((tmp_path / "run" / "history.csv").read_text().splitlines()))
            lines.append(json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "running")

    pl.fit(bars, model=MODEL, out=tmp_path / "run", callbacks=[Look()], **QUICK)
    assert lines == [2, True, 3, True]


def test_progress_goes_to_stderr_on_demand(bars: DataSplits, capsys: pytest.CaptureFixture[str]) -> None:
    pl.fit(bars, model=MODEL, progress=True, **QUICK)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("epoch ") == 2
    assert "val_accuracy" in err
    pl.fit(bars, model=MODEL, **QUICK)
    assert capsys.readouterr() == ("", "")


def test_a_picture_of_another_format_is_refused(bars_run: Path, tmp_path: Path) -> None:
    run = pl.load_run(bars_run)
    assert run.plot(tmp_path / "curves.svg").read_bytes().startswith(b"<?xml")
    with pytest.raises(SettingError, match="Unknown picture format '.jpg'. Did you mean .png?"):
        run.plot(tmp_path / "curves.jpg")


def test_a_run_without_a_finished_epoch_has_no_curves(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=MODEL, callbacks=[Interrupt(epoch=1, step=2)], **QUICK)
    with pytest.raises(RunError, match="no finished epoch"):
        run.plot(tmp_path / "curves.png")
    run.save(tmp_path / "run")
    assert not (tmp_path / "run" / "curves.png").exists()


def test_a_damaged_history_is_named_on_loading(bars_run: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    (path / "history.csv").write_text("epoch,loss\n1,2\n")
    with pytest.raises(RunError, match=r"history.csv is not a history"):
        pl.load_run(path)


def test_an_interrupted_run_does_not_cost_the_older_one(bars: DataSplits, tmp_path: Path) -> None:
    path = tmp_path / "run"
    pl.fit(bars, model=MODEL, out=path, **QUICK)
    run = pl.fit(bars, model=MODEL, out=path, overwrite=True, callbacks=[Interrupt(epoch=1, step=2)], **QUICK)
    assert run.record.status == "interrupted"
    assert run.folder is not None
    assert run.folder.replaced == tmp_path / "run-before-1"
    assert pl.load_run(run.folder.replaced).record.status == "done"


def test_tied_weights_are_saved_and_loaded(bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tied_nets.py").write_text(
        "from torch import nn\n"
        "def tied():\n"
        "    first, second = nn.Linear(64, 64), nn.Linear(64, 64)\n"
        "    second.weight = first.weight\n"
        "    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, nn.Linear(64, 3))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    run = pl.fit(bars, model="tied_nets:tied", out=tmp_path / "run", **QUICK)
    loaded = pl.load_run(tmp_path / "run", trust=True)
    assert np.array_equal(loaded.probabilities(bars.test.images), run.probabilities(bars.test.images))


def test_a_saved_run_keeps_its_evaluation(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=MODEL, **QUICK)
    evaluation = run.evaluate()
    run.save(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text())["accuracy"] == evaluation.accuracy
    before = (tmp_path / "run" / "evaluation.json").read_bytes()
    pl.load_run(tmp_path / "run").save(tmp_path / "run", overwrite=True)
    assert (tmp_path / "run" / "evaluation.json").read_bytes() == before


def test_a_run_that_could_not_be_saved_stays_in_memory(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model=MODEL, **QUICK)
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunError, match="exists already"):
        run.save(tmp_path / "taken")
    assert run.path is None
    assert run.evaluate().count == 90


def test_a_score_is_recorded_in_fp32_and_for_one_test_split(bars: DataSplits, bars_run: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    before = (path / "evaluation.json").read_bytes(), (path / "run.json").read_bytes()
    assert pl.load_run(path, precision="bf16").evaluate(bars).precision == "bf16"
    other = DataSplits("bars", bars.train, ImageDataset(bars.test.images[:30], bars.test.labels[:30], bars.class_names))
    with pytest.raises(DataError, match="The test split of bars has changed"):
        pl.load_run(path).evaluate(other)
    assert ((path / "evaluation.json").read_bytes(), (path / "run.json").read_bytes()) == before


def test_a_history_cut_at_a_line_is_named_on_loading(bars_run: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    lines = (path / "history.csv").read_text().splitlines(keepends=True)
    (path / "history.csv").write_text("".join(lines[:4]))
    with pytest.raises(RunError, match=r"history.csv must have 8 epochs, as run.json says; received 3"):
        pl.load_run(path)


def test_every_public_name_is_there_after_training(bars: DataSplits) -> None:
    pl.fit(bars, model=MODEL, **QUICK)
    homes = {name: getattr(pl, name) for name in pl.__all__}
    assert all(not isinstance(value, ModuleType) for value in homes.values())
    assert set(dir(pl)) == set(pl.__all__)
    with pytest.raises(AttributeError, match="module 'pellucid' has no attribute 'fitt'"):
        _ = pl.fitt


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_gpu_trains_repeatably_and_its_run_is_read_on_the_cpu(
    bars: DataSplits, tmp_path: Path, precision: str
) -> None:
    settings = {"recipe": "fast", "epochs": 8, "batch_size": 32, "device": "cuda", "precision": precision}
    for name in ("a", "b"):
        pl.fit(bars, out=tmp_path / name, gpu_memory_mib=4096, **settings)
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()
    assert pl.load_run(tmp_path / "a", device="cpu").evaluate(bars).accuracy > 0.9


def test_patience_ends_a_training_whose_validation_loss_stands_still(bars: DataSplits, tmp_path: Path) -> None:
    told: list[pl.Outcome] = []

    class Listener(pl.Callback):
        def on_train_begin(self, plan: pl.Plan) -> None:
            assert plan.record is not None
            assert plan.record.train.patience == 1

        def on_train_end(self, outcome: pl.Outcome) -> None:
            told.append(outcome)

    # The learning rate is so high that the loss soon rises.
    settings = {"epochs": 50, "patience": 1, "learning_rate": 0.5, "optimizer": "sgd"}
    run = pl.fit(bars, model=MODEL, callbacks=[Listener()], out=tmp_path / "run", **settings)
    results, losses = run.record.results, run.history["val_loss"]
    assert 1 < results.epochs < 50
    assert losses[-1] >= min(losses[:-1])
    assert all(later < earlier for earlier, later in itertools.pairwise(losses[:-1]))
    assert (told[0].ending, run.record.status, results.stopped_early) == ("stopped", "done", True)
    assert results.validation.loss == losses[-1]  # the last epoch counts, not the best
    assert pl.load_run(tmp_path / "run").record == run.record


def test_patience_needs_a_validation_split(bars: DataSplits) -> None:
    with pytest.raises(SettingError, match="patience needs a validation split to watch; received none. Set a"):
        pl.fit(bars, model=MODEL, patience=2, validation_split=None)


def test_a_callback_may_end_a_training_in_its_first_epoch(bars: DataSplits, tmp_path: Path) -> None:
    class AtOnce(pl.Callback):
        def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
            self.stop_training = True

    run = pl.fit(bars, model=MODEL, callbacks=[AtOnce()], out=tmp_path / "run")
    results = run.record.results
    assert (results.epochs, results.steps, results.stopped_early, run.record.status) == (0, 1, True, "done")
    assert results.validation.accuracy == run.evaluate(split="validation").accuracy
    assert pl.load_run(tmp_path / "run").record == run.record


def test_a_run_may_go_below_the_home_folder(bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    run = pl.fit(bars, model="flatten, dense 3", epochs=1, out="~/run")
    assert run.path == tmp_path / "run"
    assert pl.load_run("~/run").record == run.record
    assert run.plot("~/curves.png") == tmp_path / "curves.png"
    assert run.save("~/again") == tmp_path / "again"


def test_a_class_too_small_for_the_validation_split_is_trained_on_and_said(bars: DataSplits) -> None:
    train = bars.train.subset(np.array([0, 3, 6, 9, 12, 1, 4, 7, 10, 2]))
    with pytest.warns(pl.PellucidWarning, match=r"the validation split has no image of aslant \(1 training image\)"):
        run = pl.fit(DataSplits("few", train, None), model="flatten, dense 3", epochs=1)
    assert run.record.data.counts == {"train": 8, "validation": 2}
