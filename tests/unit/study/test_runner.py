"""What all studies have in common, shown with the seeds."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from torch import nn

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.load import load_data
from pellucid.errors import DataError, RunError, SettingError, SpecError
from pellucid.run.folder import RunFolder
from pellucid.run.history import History
from pellucid.spec.model import FactorySpec
from pellucid.spec.recipes import Recipe
from pellucid.study import subject as subject_module
from pellucid.study.folder import StudyFolder, find_study
from pellucid.study.folds import FoldStudy
from pellucid.study.runner import resume_study, run_study
from pellucid.study.seeds import SeedStudy
from pellucid.study.subject import trained
from pellucid.train.callbacks import Callback
from pellucid.train.choice import choose
from pellucid.train.fit import fit


def test_a_study_is_a_folder_that_is_read_without_pellucid(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    names = {file.name for file in done.path.iterdir() if not file.name.startswith(".")}
    assert names == {"study.json", "trials.csv", "seeds.png"}
    record = json.loads((done.path / "study.json").read_text())
    assert (record["status"], record["kind"], record["format"]) == ("done", "seeds", 1)
    assert record["data"]["name"] == "bars"
    assert record["findings"] == done.findings.model_dump(mode="json")
    header, *rows = (done.path / "trials.csv").read_text().splitlines()
    assert header == "seed,val_accuracy,test_accuracy,test_loss,train_seconds,diverged"
    assert len(rows) == 2


def test_trials_that_are_done_are_not_made_again(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(SeedStudy(subject=subject, n=3), bars, out=tmp_path / "study")
    table = done.path / "trials.csv"
    whole = table.read_text().splitlines(keepends=True)
    table.write_text("".join([*whole[:2], whole[3]]))  # as if it had been killed in the second trial of three
    again = resume_study(done.path, data=bars)
    lines = table.read_text().splitlines(keepends=True)
    assert (lines[1], lines[3]) == (whole[1], whole[3])  # down to their seconds
    assert again.trials[1].test_accuracy == done.trials[1].test_accuracy
    assert again.findings.test_accuracy == done.findings.test_accuracy


def test_rows_that_contradict_each_other_are_refused(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    table = tmp_path / "study" / "trials.csv"
    head, first, second = table.read_text().splitlines()
    seed, _, *others = second.split(",")
    table.write_text("\n".join([head, first, ",".join([seed, "", *others])]) + "\n")
    with pytest.raises(RunError, match=r"trials.csv is damaged: nothing follows from its rows .* Take the wrong rows"):
        resume_study(tmp_path / "study", data=bars)


def test_processes_share_the_work_and_find_the_same(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    alone = run_study(SeedStudy(subject=subject, n=3), bars, out=tmp_path / "alone")
    shared = run_study(SeedStudy(subject=subject, n=3, processes=2), bars, out=tmp_path / "shared")
    assert [(row.seed, row.test_accuracy) for row in shared.trials] == [
        (row.seed, row.test_accuracy) for row in alone.trials
    ]


def test_one_process_at_a_time(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    with (
        StudyFolder(done.path).locked(),
        pytest.raises(RunError, match="Another process is working on .*study. Wait for it, or end it first"),
    ):
        resume_study(done.path, data=bars)
    resume_study(done.path, data=bars)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 99, "must have format 1; received 99, from Pellucid"),
        ("kind", "oracle", "holds a study of an unknown kind, oracle"),
        ("status", "asleep", "is not a study of Pellucid's: status"),
    ],
)
def test_a_foreign_folder_is_refused(
    subject: Recipe, bars: DataSplits, tmp_path: Path, key: str, value: object, message: str
) -> None:
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    record = json.loads((done.path / "study.json").read_text())
    (done.path / "study.json").write_text(json.dumps(record | {key: value}))
    with pytest.raises(RunError, match=message):
        resume_study(done.path, data=bars)


def test_changed_data_are_refused(subject: Recipe, bars: DataSplits, make_bars, tmp_path: Path) -> None:
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    with pytest.raises(DataError, match="bars has changed since the study was begun"):
        resume_study(done.path, data=DataSplits("bars", make_bars(60, seed=9), None))


def test_a_changed_validation_split_is_refused(subject: Recipe, bars: DataSplits, make_bars, tmp_path: Path) -> None:
    given = DataSplits("bars", bars.train, None, validation=make_bars(40, seed=3))
    done = run_study(SeedStudy(subject=subject, n=2), given, out=tmp_path / "study")
    with pytest.raises(DataError, match="bars has changed since the study was begun"):
        resume_study(done.path, data=DataSplits("bars", bars.train, None, validation=make_bars(40, seed=4)))


def test_processes_work_on_the_data_that_were_given(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    for number, (image, label) in enumerate(zip(bars.train.images[:60], bars.train.labels[:60], strict=True)):
        file = tmp_path / "bars" / bars.class_names[label] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(file)
    read = load_data(tmp_path / "bars")
    mended = ImageDataset(read.train.images, read.train.labels[::-1].copy(), read.class_names)
    given = DataSplits(read.name, mended, None, location=read.location, reading=read.reading)
    found = [
        run_study(SeedStudy(subject=subject, n=2, processes=processes), given, out=tmp_path / f"by-{processes}")
        for processes in (1, 2)
    ]
    assert [row.val_accuracy for row in found[0].trials] == [row.val_accuracy for row in found[1].trials]
    assert ", 2 trainings at a time" in " ".join(found[1].findings.conclusion)


def test_a_folder_that_exists_is_not_written_into(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"exists already. Choose another --out; .* pellucid study resume"):
        run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path)


def test_studies_are_found_by_path_name_and_age(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no study below"):
        find_study("latest", tmp_path)
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "one")
    for name in ("latest", "one", str(done.path)):
        assert find_study(name, tmp_path).path == done.path
    with pytest.raises(RunError, match="There is no study two"):
        find_study("two", tmp_path)


def test_a_changed_test_split_is_refused(subject: Recipe, bars: DataSplits, make_bars, tmp_path: Path) -> None:
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    with pytest.raises(DataError, match="bars has changed since the study was begun"):
        resume_study(done.path, data=DataSplits("bars", bars.train, make_bars(60, seed=9)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"precision": "fp8"}, "Unknown precision 'fp8'"), ({"device": "abacus"}, "Unknown device")],
)
def test_what_the_machine_does_not_offer_is_refused_beforehand(
    subject: Recipe, bars: DataSplits, tmp_path: Path, settings: dict, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        run_study(SeedStudy(subject=subject, n=2, **settings), bars, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_faults_come_whole_from_another_process(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    unknown = subject.replace(model=FactorySpec(factory="nowhere:net", input_shape=(8, 8, 1), classes=3))
    with pytest.raises(SpecError) as caught:
        run_study(SeedStudy(subject=unknown, n=2, processes=2), bars, out=tmp_path / "study")
    assert "nowhere" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_network_without_a_name_cannot_be_studied(bars: DataSplits) -> None:
    with pytest.raises(SettingError, match="a factory must be known by its name"):
        SeedStudy(subject=choose(bars, model=lambda: nn.Linear(1, 1)))


def test_a_training_of_a_study_bears_the_name_of_its_recipe(bars: DataSplits, tmp_path: Path) -> None:
    trained(choose(bars, recipe="fast", epochs=1), bars, RunFolder(tmp_path / "run"))
    assert json.loads((tmp_path / "run" / "run.json").read_text())["recipe"] == "fast"


class AtTheEnd(Callback):
    """Presses Ctrl-C after the last update, when there is nothing left to stop."""

    pressed = 0

    def on_train_end(self, history: History) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        self.pressed += 1


def test_ctrl_c_after_the_last_update_of_a_trial_ends_the_study(
    subject: Recipe, bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = AtTheEnd()
    with monkeypatch.context() as patched:
        patched.setattr(subject_module, "fit", partial(fit, callbacks=[impatient]))
        with pytest.raises(KeyboardInterrupt):
            run_study(FoldStudy(subject=subject, k=3), bars, out=tmp_path / "study")
    assert impatient.pressed == 1
    assert StudyFolder(tmp_path / "study").read_record().status == "interrupted"
    assert len(resume_study(tmp_path / "study", data=bars).trials) == 3


def test_settings_out_of_range_are_named(subject: Recipe) -> None:
    with pytest.raises(SettingError, match="n must be at least 2; received 1"):
        SeedStudy(subject=subject, n=1)
