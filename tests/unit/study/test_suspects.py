import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import pellucid as pl
from pellucid.cli.data_labels import report_labels
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.stratified import assign_folds
from pellucid.errors import DataError, RunError, SettingError
from pellucid.study import suspects as module
from pellucid.study.folder import StudyFolder
from pellucid.study.runner import resume_study
from pellucid.study.suspects import (
    Suspect,
    Suspects,
    find_suspects,
    rank,
    suspects_csv,
    suspects_of_study,
    suspects_png,
)
from pellucid.train.fit import fit
from pellucid.trained.run import Run

PLANTED = {"train": (3, 50, 121, 200), "test": (7, 44)}


def mislabelled(data: ImageDataset, rows: tuple[int, ...]) -> ImageDataset:
    """The data with the labels of some rows moved on to the next class."""
    labels = data.labels.copy()
    labels[list(rows)] = (labels[list(rows)] + 1) % 3
    return ImageDataset(data.images, labels, data.class_names)


@pytest.fixture(scope="module")
def spoilt(make_bars: Callable[..., ImageDataset]) -> DataSplits:
    train, test = make_bars(240, seed=0), make_bars(90, seed=1)
    return DataSplits("spoilt", mislabelled(train, PLANTED["train"]), mislabelled(test, PLANTED["test"]))


@pytest.fixture(scope="module")
def run(bars_run: Path) -> Run:
    return pl.load_run(bars_run)


@pytest.fixture(scope="module")
def study(spoilt: DataSplits, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of folds whose networks have answered all splits."""
    path = tmp_path_factory.mktemp("suspects") / "study"
    find_suspects(spoilt, run, k=3, out=path)
    return path


@pytest.fixture(scope="module")
def found(spoilt: DataSplits, study: Path) -> Suspects:
    return suspects_of_study(spoilt, StudyFolder(study))


def three(labels: list[int], sources: tuple[str, ...] | None = None) -> ImageDataset:
    images = np.zeros((len(labels), 2, 2, 1), np.uint8)
    return ImageDataset(images, np.array(labels, np.int64), ("cat", "dog", "cow"), sources)


def test_the_ranking_worked_out_by_hand() -> None:
    probabilities = np.array([[0.25, 0.5, 0.25], [0.125, 0.75, 0.125], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    ranked = rank("test", three([0, 1, 0, 1], ("a.png", "b.png", "c.png", "d.png")), probabilities)
    # Margins -0.25, 0.625, -1 and 0: only the first and the third are below 0.
    assert ranked == (
        Suspect(
            split="test",
            index=2,
            source="c.png",
            label="cat",
            suggestion="cow",
            label_probability=0,
            suggestion_probability=1,
            score=1,
        ),
        Suspect(
            split="test",
            index=0,
            source="a.png",
            label="cat",
            suggestion="dog",
            label_probability=0.25,
            suggestion_probability=0.5,
            score=0.625,
        ),
    )


@given(
    weights=st.lists(st.tuples(*[st.integers(1, 50)] * 3), min_size=1, max_size=20),
    labels=st.lists(st.integers(0, 2), min_size=20, max_size=20),
)
def test_suspects_are_those_with_a_more_probable_class_in_falling_order(
    weights: list[tuple[int, int, int]], labels: list[int]
) -> None:
    probabilities = np.array(weights, float) / np.sum(weights, axis=1, keepdims=True)
    ranked = rank("train", three(labels[: len(weights)]), probabilities)
    expected = [row for row, label in enumerate(labels[: len(weights)]) if weights[row][label] < max(weights[row])]
    assert sorted(suspect.index for suspect in ranked) == expected
    scores = [suspect.score for suspect in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0.5 < score <= 1 for score in scores)
    for suspect in ranked:
        assert suspect.label != suspect.suggestion
        assert suspect.suggestion_probability == probabilities[suspect.index].max()


def test_planted_errors_are_found_first_and_mended_by_the_suggestion(
    found: Suspects, spoilt: DataSplits, bars: DataSplits
) -> None:
    for split, rows in PLANTED.items():
        first = found.of(split, len(rows))
        assert {suspect.index for suspect in first} == set(rows)
        truth = getattr(bars, split)
        assert all(suspect.suggestion == truth.class_names[truth.labels[suspect.index]] for suspect in first)
    assert found.counts == {"train": 240, "test": 90}
    assert found.accuracy["test"] == pytest.approx(88 / 90, abs=0.05)


def test_nothing_is_changed_and_all_is_repeatable(
    found: Suspects, spoilt: DataSplits, run: Run, tmp_path: Path
) -> None:
    before = spoilt.train.fingerprint, spoilt.test.fingerprint
    again = DataSplits("spoilt", spoilt.train.subset(np.arange(240)), spoilt.test.subset(np.arange(90)))
    assert find_suspects(again, run, k=3, out=tmp_path / "again") == found
    assert (again.train.fingerprint, again.test.fingerprint) == before


def test_no_network_sees_what_it_judges(
    spoilt: DataSplits, run: Run, monkeypatch: pytest.MonkeyPatch, bars: DataSplits, tmp_path: Path
) -> None:
    trained_on: list[ImageDataset] = []

    def spy(data: DataSplits, **settings: Any) -> Run:
        assert not data.has_test
        assert data.validation is None
        assert settings["validation_split"] is None
        assert settings["recipe"] == run.recipe
        trained_on.append(data.train)
        return fit(data, **settings | {"epochs": 1})

    monkeypatch.setattr("pellucid.study.subject.fit", spy)
    with_validation = DataSplits("three", spoilt.train, spoilt.test, bars.test)
    found = find_suspects(with_validation, run, k=3, out=tmp_path / "study")
    folds = assign_folds(spoilt.train, 3, run.record.train.seed)
    for fold, seen in enumerate(trained_on):
        assert np.array_equal(seen.images, spoilt.train.images[folds != fold])
    assert len(trained_on) == 3
    assert list(found.counts) == ["train", "validation", "test"]


def test_other_splits_are_judged_by_the_mean_of_the_networks(spoilt: DataSplits, study: Path) -> None:
    files = [np.load(study / f"fold-{fold}.npz") for fold in range(3)]
    with np.load(study / "out-of-fold.npz") as answers:
        assert np.allclose(answers["test"], np.mean([file["test"] for file in files], axis=0), atol=1e-6)
        assert answers["probabilities"].shape == (240, 3)
    assert json.loads((study / "study.json").read_text())["data"]["test_fingerprint"] == spoilt.test.fingerprint


def test_an_interrupted_search_is_resumed(
    spoilt: DataSplits, run: Run, found: Suspects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = 0

    def interrupted(data: DataSplits, **settings: Any) -> Run:
        nonlocal trainings
        trainings += 1
        trained = fit(data, **settings)
        trained.asked_to_stop = trainings == 2  # after its last update, so that the run itself is done
        return trained

    with monkeypatch.context() as patched:
        patched.setattr("pellucid.study.subject.fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            find_suspects(spoilt, run, k=3, out=tmp_path / "study")
    assert trainings == 2
    folder = StudyFolder(tmp_path / "study")
    with pytest.raises(RunError, match="come from a study of folds that is done; .* is a study of folds, interrupted"):
        suspects_of_study(spoilt, folder)
    resume_study(folder.path, data=spoilt)
    assert suspects_of_study(spoilt, folder) == found


@pytest.mark.parametrize("split", ["train", "test"])
def test_data_that_the_networks_have_not_answered_are_refused(
    spoilt: DataSplits, bars: DataSplits, study: Path, split: str
) -> None:
    other = {"train": spoilt.train, "test": spoilt.test} | {split: getattr(bars, split)}
    with pytest.raises(DataError, match="The data are not those of .*: their fingerprints differ"):
        suspects_of_study(DataSplits("spoilt", **other), StudyFolder(study))
    if split == "test":
        with pytest.raises(DataError, match="their fingerprints differ"):
            suspects_of_study(DataSplits("spoilt", spoilt.train, None), StudyFolder(study))


def test_data_of_another_shape_are_refused(run: Run, make_bars: Callable[..., ImageDataset]) -> None:
    with pytest.raises(DataError, match=r"The run takes images of \[height, width, channels\] \[8, 8, 1\]; received"):
        find_suspects(DataSplits("large", make_bars(30, 0, (12, 12, 1)), None), run, k=3)


def test_the_table_is_whole(found: Suspects) -> None:
    rows = list(csv.DictReader(io.StringIO(suspects_csv(found))))
    assert [(row["split"], int(row["index"])) for row in rows] == [(s.split, s.index) for s in found.suspects]
    assert list(rows[0]) == list(Suspect.model_fields)
    assert float(rows[0]["score"]) == found.suspects[0].score


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_picture_takes_any_channels_and_names(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 6, 6, channels), dtype=np.uint8)
    data = ImageDataset(images, np.array([0, 1]), ("cost $5", "a very long name of a class, costs $7"))
    splits = DataSplits("$1 or $2", data, None)
    ranked = rank("train", data, np.array([[0.1, 0.9], [0.8, 0.2]]))
    found = Suspects(data=splits.name, k=2, counts={"train": 2}, accuracy={"train": 0.0}, suspects=ranked)
    with Image.open(io.BytesIO(suspects_png(found, splits, 10))) as picture:
        assert picture.format == "PNG"


def test_the_report(
    spoilt: DataSplits,
    found: Suspects,
    bars_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "new" / "folder"
    document = report_labels(spoilt, str(bars_run), 3, 4, out, as_json=False)
    printed = capsys.readouterr()
    assert "of 240 images (out of fold)" in printed.out
    assert "of 90 images (mean of 3 networks)" in printed.out
    assert "trial 3/3: fold 2" in printed.err
    (place,) = Path("runs").iterdir()
    assert f"the study is {place}" in printed.err
    assert place.name.startswith("study-folds-spoilt-")
    assert [Path(path).name for path in document["files"]] == ["suspects.csv", "suspects.png"]
    assert all(Path(path).exists() for path in document["files"])
    assert {suspect["index"] for suspect in document["suspects"] if suspect["split"] == "train"} == {3, 50, 121, 200}
    assert document["suspects_total"]["train"] >= 4
    monkeypatch.setattr(module, "find_suspects", lambda *_, **__: found)
    again = report_labels(spoilt, str(bars_run), 3, 4, out, as_json=True)
    assert capsys.readouterr().out == ""
    assert again == document
    assert report_labels(spoilt, str(place), 3, 4, out, as_json=True) == document


def test_without_suspects_no_picture_stays(
    bars: DataSplits, bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    none = Suspects(data="bars", k=3, counts={"train": 240}, accuracy={"train": 1.0}, suspects=())
    monkeypatch.setattr(module, "find_suspects", lambda *_, **__: none)
    shutil.copy(bars_run / "curves.png", tmp_path / "suspects.png")  # it bears the mark of Pellucid's pictures
    document = report_labels(bars, str(bars_run), 3, 4, tmp_path, as_json=False)
    assert [path.name for path in tmp_path.iterdir()] == ["suspects.csv"]
    assert document["suspects"] == []


def test_a_picture_of_the_users_stays(
    bars: DataSplits,
    bars_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    none = Suspects(data="bars", k=3, counts={"train": 240}, accuracy={"train": 1.0}, suspects=())
    monkeypatch.setattr(module, "find_suspects", lambda *_, **__: none)
    (tmp_path / "suspects.png").write_bytes(b"of a bank robbery")
    report_labels(bars, str(bars_run), 3, 4, tmp_path, as_json=False)
    assert (tmp_path / "suspects.png").read_bytes() == b"of a bank robbery"
    assert "suspects.png was there before; it does not show these findings" in capsys.readouterr().err


def test_the_report_is_refused_or_interrupted(
    spoilt: DataSplits,
    bars_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingError, match=r"^top must be at least 1 suspect; received 0\.$"):
        report_labels(spoilt, str(bars_run), 3, 0, tmp_path, as_json=False)
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"file cannot be made \(File exists\)\. Give another folder\.$"):
        report_labels(spoilt, str(bars_run), 3, 1, tmp_path / "file", as_json=False)

    def interrupt(*data: Any, **settings: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "find_suspects", interrupt)
    with pytest.raises(typer.Exit) as caught:
        report_labels(spoilt, str(bars_run), 3, 1, tmp_path, as_json=False)
    assert caught.value.exit_code == 130
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert capsys.readouterr().err.splitlines()[-1] == "no suspects were written"
