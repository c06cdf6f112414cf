"""A run that says "I don't know": what it learns in its training, and how it answers and is judged with that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import RunError, SettingError
from pellucid.trained.doubt import balanced

BLANK = np.zeros((1, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    loaded = pl.Run.load(bars_run)
    loaded.data = bars
    return loaded


@pytest.fixture
def copy(bars_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bars_run, tmp_path / "run"))


def test_the_record_says_what_was_learned(run: pl.Run) -> None:
    doubt = run.record.doubt
    assert doubt
    counts = run.record.data.counts
    assert (doubt.keep, doubt.fitted, doubt.held_out) == (0.99, counts["train"], counts["validation"])
    assert doubt.features == 1 + 4 * 3 * 3
    assert doubt.refused == {"foreign": 0, "doubtful": 0}  # too few were held out for one in a hundred


def test_a_blank_image_is_foreign_and_the_label_stays_the_most_probable_class(run: pl.Run, bars: DataSplits) -> None:
    strange, *usual = run.predict(np.concatenate((BLANK, bars.test.images)))
    assert (strange.unknown, strange.kind, strange.reason) == (True, "foreign", "unlike anything trained on")
    assert strange.label == max(strange.probabilities, key=strange.probabilities.__getitem__)
    assert np.mean([answer.unknown for answer in usual]) < 0.3
    assert run.predict(BLANK, unknown=False)[0].unknown is None


def test_of_no_images_there_are_no_answers(run: pl.Run) -> None:
    assert run.predict(BLANK[:0]) == []
    assert run.predict(BLANK[:0], coverage=0.9) == []


def test_what_lies_between_two_classes_is_doubtful(run: pl.Run, bars: DataSplits) -> None:
    answers = run.predict(bars.test.images, keep=0.5)
    torn = next(answer for answer in answers if answer.kind == "doubtful")
    first, second = sorted(torn.probabilities, key=lambda name: -torn.probabilities[name])[:2]
    assert torn.reason == f"between {first} and {second}"
    assert np.mean([answer.unknown for answer in answers]) == pytest.approx(0.5, abs=0.25)


def test_sets_of_classes_hold_the_most_probable_one(run: pl.Run, bars: DataSplits) -> None:
    answers = run.predict(bars.test.images, coverage=0.7)
    for answer in answers:
        assert answer.classes
        assert answer.classes[0] == answer.label
    held = [bars.class_names[label] in answer.classes for answer, label in zip(answers, bars.test.labels, strict=True)]
    assert np.mean(held) >= 0.7
    assert {len(answer.classes or ()) for answer in run.predict(BLANK, coverage=0.95)} == {3}  # 19 of each are needed
    with pytest.raises(SettingError, match="coverage must be above 0 and below 1; received 95"):
        run.predict(BLANK, coverage=95.0)


def test_judging_tells_who_is_refused_and_how_well_the_others_are_answered(run: pl.Run, bars: DataSplits) -> None:
    evaluation = run.evaluate(keep=0.8)
    unknown = evaluation.unknown
    assert unknown
    assert unknown.answered + unknown.foreign + unknown.doubtful == evaluation.count == 90
    assert unknown.wrong + unknown.wrong_refused == len(evaluation.mistakes)
    assert unknown.accuracy == (unknown.answered - unknown.wrong) / unknown.answered
    assert [sum(each.judged) for each in unknown.histograms] == [90, 90]
    answers = run.predict(bars.test.images, keep=0.8)
    assert sum(answer.kind == "foreign" for answer in answers) == unknown.foreign
    assert run.evaluate(unknown=False).unknown is None


def test_images_of_another_kind_are_called_unlike_as_a_whole(run: pl.Run, bars: DataSplits) -> None:
    usual, noisy = run.evaluate().unknown, np.random.default_rng(0).integers(0, 256, (90, 8, 8, 1), np.uint8)
    other = DataSplits("noise", bars.train, ImageDataset(noisy, bars.test.labels, bars.class_names))
    strange = run.evaluate(other).unknown
    assert usual
    assert usual.drift
    assert not usual.drift.shifted
    assert strange
    assert strange.drift
    assert strange.drift.shifted


def test_an_evaluation_with_another_share_is_not_kept(copy: Path, bars: DataSplits) -> None:
    loaded, before = pl.Run.load(copy), (copy / "evaluation.json").read_text()
    loaded.evaluate(bars, keep=0.5)
    assert (copy / "evaluation.json").read_text() == before
    assert json.loads(before)["unknown"]["keep"] == 0.99


def test_it_goes_with_the_run_where_that_is_saved(run: pl.Run, tmp_path: Path, copy: Path) -> None:
    loaded = pl.Run.load(copy)
    loaded.save(tmp_path / "second")
    answer = pl.Run.load(tmp_path / "second").predict(BLANK)[0]
    assert answer == run.predict(BLANK)[0]


def test_a_file_that_is_missing_or_changed_is_named_with_the_way_around(copy: Path) -> None:
    place = copy / "doubt.safetensors"
    raw = bytearray(place.read_bytes())
    raw[-1] ^= 1
    place.write_bytes(raw)
    with pytest.raises(RunError, match=r"doubt.safetensors has changed: .* \(--no-unknown\)"):
        pl.Run.load(copy).predict(BLANK)
    place.unlink()
    with pytest.raises(RunError, match=r"has no doubt.safetensors"):
        pl.Run.load(copy).predict(BLANK)
    assert pl.Run.load(copy).predict(BLANK, unknown=False)[0].label


def test_a_run_without_it_answers_always_and_promises_nothing(copy: Path, bars: DataSplits) -> None:
    record = json.loads((copy / "run.json").read_text())
    del record["doubt"]
    (copy / "run.json").write_text(json.dumps(record))
    older = pl.Run.load(copy)
    assert older.predict(BLANK)[0].unknown is None
    with pytest.raises(RunError, match="keep cannot be set: this run has no answers for held-out images"):
        older.predict(BLANK, keep=0.9)
    with pytest.raises(RunError, match="coverage cannot be promised"):
        older.predict(BLANK, coverage=0.9)
    before = (copy / "doubt.safetensors").read_bytes()
    (copy / "doubt.safetensors").unlink()
    assert older.evaluate(bars).unknown  # it learns where its own data are judged, and comes to the same
    assert (copy / "doubt.safetensors").read_bytes() == before
    assert pl.Run.load(copy).predict(BLANK)[0].kind == "foreign"


def test_nothing_is_learned_where_nothing_was_held_out(bars: DataSplits, tmp_path: Path) -> None:
    run = pl.fit(bars, model="flatten, dense 3", epochs=1, validation_split=None, out=tmp_path / "run")
    assert run.record.doubt is None
    assert not (tmp_path / "run" / "doubt.safetensors").exists()
    assert run.predict(BLANK)[0].unknown is None


def test_the_sample_has_as_many_images_of_each_class_as_there_are() -> None:
    labels = np.repeat([0, 1, 3], [100, 4, 50])
    rows = balanced(labels, 30)
    assert np.bincount(labels[rows]).tolist() == [10, 4, 0, 10]
    assert (np.diff(rows) > 0).all()
    assert (balanced(labels, 30) == rows).all()
