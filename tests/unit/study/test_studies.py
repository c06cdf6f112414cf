"""Each study, on data that are learned in an instant."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.stratified import assign_folds
from pellucid.errors import DataError, SettingError
from pellucid.judge.pairs import McNemar
from pellucid.plots.figures import render
from pellucid.spec.recipes import Recipe
from pellucid.study.batch_results import SizeFindings, recommend
from pellucid.study.batch_size import BatchSizeStudy
from pellucid.study.compare import CompareStudy, as_run
from pellucid.study.comparison import Comparison
from pellucid.study.folds import FoldStudy
from pellucid.study.learning_rate import LearningRateStudy
from pellucid.study.runner import StudyResult, resume_study, run_study
from pellucid.study.section import study_section
from pellucid.study.seeds import SeedStudy
from pellucid.study.statistics import Summary
from pellucid.train.choice import choose


def figures(done: StudyResult) -> set[str]:
    """The figures in a study's folder, which are those of its section, each with a text that names the data."""
    pictures = {f"{picture.name}.png": picture for picture in study_section(done).pictures}
    assert {file.name for file in done.path.glob("*.png")} == set(pictures)
    for name, picture in pictures.items():
        assert (done.path / name).read_bytes() == render(picture.draw())
        assert "bars" in picture.alternative_text
    return set(pictures)


def contender(bars: DataSplits, name: str, model: str, **settings) -> Recipe:
    return choose(bars, model=model, **settings).replace(name=name)


def test_seeds_are_what_fit_gives_from_each(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(SeedStudy(subject=subject, n=2), bars, out=tmp_path / "study")
    for row in done.trials:
        run = pl.fit(bars, recipe=subject, seed=row.seed)
        assert run.evaluate().accuracy == row.test_accuracy
        assert run.history["val_accuracy"][-1] == row.val_accuracy
    accuracies = [row.test_accuracy for row in done.trials]
    assert done.findings.test_accuracy.mean == pytest.approx(np.mean(accuracies))
    assert figures(done) == {"seeds.png"}


def test_each_image_is_answered_by_the_network_that_never_saw_it(
    subject: Recipe, bars: DataSplits, tmp_path: Path
) -> None:
    done = run_study(FoldStudy(subject=subject, k=3), bars, out=tmp_path / "study")
    with np.load(done.path / "out-of-fold.npz") as arrays:
        probabilities, folds, labels = (arrays[name] for name in ("probabilities", "folds", "labels"))
    assert (folds == assign_folds(bars.train, 3, 0)).all()
    assert (labels == bars.train.labels).all()
    kept = bars.train.subset(np.flatnonzero(folds != 1))
    run = pl.fit(DataSplits("bars", kept, None), recipe=subject, validation_split=None)
    assert np.allclose(run.probabilities(bars.train.images[folds == 1]), probabilities[folds == 1], atol=1e-6)
    right = probabilities.argmax(axis=1) == labels
    assert done.findings.pooled_accuracy == right.mean()
    assert [row.accuracy for row in done.trials] == [right[folds == fold].mean() for fold in range(3)]
    assert figures(done) == {"folds.png"}


def test_folds_read_the_test_split_only_when_asked(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    def untouchable() -> ImageDataset:
        raise AssertionError("the study reached for the test split")

    sealed = DataSplits("sealed", bars.train, untouchable)
    plain, whole = (FoldStudy(subject=subject, k=2, all_splits=asked) for asked in (False, True))
    assert not plain.reads_test(sealed)
    run_study(plain, sealed, out=tmp_path / "plain")
    with np.load(tmp_path / "plain" / "out-of-fold.npz") as answers:
        assert set(answers) == {"probabilities", "folds", "labels"}
    assert whole.reads_test(bars)
    assert not whole.reads_test(DataSplits("no test", bars.train, None))


def test_groups_are_not_parted_by_folds(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    groups = tuple(f"writer {number // 6}" for number in range(len(bars.train)))
    train = ImageDataset(bars.train.images, bars.train.labels, bars.class_names, groups=groups)
    done = run_study(FoldStudy(subject=subject, k=4), DataSplits("bars", train, None), out=tmp_path / "study")
    with np.load(done.path / "out-of-fold.npz") as arrays:
        folds = arrays["folds"]
    assert all(len(set(folds[start : start + 6].tolist())) == 1 for start in range(0, len(folds), 6))


def test_more_folds_than_images_of_a_class_are_refused(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    few = DataSplits("bars", bars.train.subset(np.r_[0:12, 12:240:3]), None)
    with pytest.raises(
        SettingError, match=r"k must be at most the images of the smallest class, 4 \(upright\); received 5"
    ):
        run_study(FoldStudy(subject=subject, k=5), few, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_better_network_is_told_from_a_worse_one(bars: DataSplits, tmp_path: Path) -> None:
    good = contender(
        bars, "good", "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax", epochs=25, learning_rate=0.01
    )
    bad = contender(bars, "bad", "globalavgpool, dense 3 softmax", epochs=1)
    study = CompareStudy(contenders=(bad, good), seeds=5, validation_split=0.3, time=True)
    done = run_study(study, bars, out=tmp_path / "study")
    assert [(row.seed, row.name) for row in done.trials] == [
        (seed, name) for seed in range(5) for name in ("bad", "good")
    ]
    (pair,) = done.findings.pairs
    assert pair.difference > 0.2
    assert pair.image_interval[0] > 0
    assert pair.seed_interval[0] > 0
    assert pair.is_shown
    assert all(test.p_value < 0.01 for test in pair.mcnemar)
    assert len(pair.times_slower) == 5
    assert "B (good) is better than A (bad): B \u2212 A is +" in done.findings.conclusion[-1]
    assert figures(done) == {"compare.png"}
    with np.load(done.path / "right-1-0.npz") as arrays:
        assert arrays["right"].mean() == done.trials[1].accuracy


def test_equal_networks_show_no_difference(bars: DataSplits, subject: Recipe, tmp_path: Path) -> None:
    same = [subject.replace(name=name) for name in ("one", "two")]
    done = run_study(CompareStudy(contenders=same, seeds=1), bars, out=tmp_path / "study")
    (pair,) = done.findings.pairs
    assert (pair.difference, pair.image_interval, pair.mcnemar[0].p_value) == (0.0, (0.0, 0.0), 1.0)
    assert pair.seed_interval is None
    assert "No difference shown between A (one) and B (two)" in pair.words()


def test_seeds_that_disagree_show_no_difference_however_many_images(bars: DataSplits) -> None:
    test = McNemar(only_first=0, only_second=0, p_value=1.0)
    settings = {"first": "A (x)", "second": "B (y)", "mcnemar": (test,), "times_slower": ()}
    sure, unsure = (
        Comparison(difference=0.1, image_interval=(0.05, 0.15), seed_interval=seeds, **settings)
        for seeds in ((0.02, 0.18), (-0.1, 0.3))
    )
    assert sure.is_shown
    assert not unsure.is_shown
    assert "No difference shown" in unsure.words()


def test_runs_are_compared_on_the_test_split_as_they_are(bars: DataSplits, bars_run: Path, tmp_path: Path) -> None:
    other = pl.fit(bars, model="globalavgpool, dense 3 softmax", epochs=1, out=tmp_path / "other")
    runs = [as_run(str(bars_run)), as_run(str(tmp_path / "other"))]
    named = {
        "contenders": [run.recipe.replace(name=name) for name, run in zip(("first", "second"), runs, strict=True)],
        "runs": [str(run.path) for run in runs],
    }
    done = run_study(CompareStudy(**named, split="test"), bars, out=tmp_path / "study")
    assert done.trials[1].accuracy == other.evaluate().accuracy
    assert len(done.trials) == 2
    with pytest.raises(SettingError, match="Times of runs were not taken in turns"):
        run_study(CompareStudy(**named, split="test", time=True), bars, out=tmp_path / "no")
    with pytest.raises(SettingError, match="Runs are compared on the test split; received validation"):
        run_study(CompareStudy(**named), bars, out=tmp_path / "no")


def test_contenders_that_cannot_be_compared_are_refused(bars: DataSplits, subject: Recipe, tmp_path: Path) -> None:
    twice = [subject.replace(name="same")] * 2
    with pytest.raises(SettingError, match="must differ in their names; received same, same"):
        run_study(CompareStudy(contenders=twice), bars, out=tmp_path / "study")
    mixed = {"contenders": [twice[0], twice[0].replace(name="run")], "runs": ["runs/one"]}
    with pytest.raises(SettingError, match="Compare either runs, or recipes and models; received same, run"):
        run_study(CompareStudy(**mixed, split="test"), bars, out=tmp_path / "study")
    two = [twice[0], twice[0].replace(name="other")]
    with pytest.raises(SettingError, match="processes must be 1; received 2"):
        run_study(CompareStudy(contenders=two, time=True, processes=2), bars, out=tmp_path / "study")
    with pytest.raises(DataError, match="has no test split"):
        run_study(
            CompareStudy(contenders=two, split="test"), DataSplits("bars", bars.train, None), out=tmp_path / "study"
        )


def test_the_suggested_learning_rate_learns(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(LearningRateStudy(subject=subject, seeds=2, updates=100), bars, out=tmp_path / "study")
    found = done.findings
    assert 1e-5 < found.suggestion < found.lowest
    assert found.given == 0.01
    run = pl.fit(bars, recipe=subject, learning_rate=found.suggestion)
    assert run.history["loss"][-1] < math.log(3)
    curve = (done.path / "curve-0.csv").read_text().splitlines()
    assert curve[0] == "learning_rate,loss,smoothed"
    assert len(curve) > 40
    assert figures(done) == {"learning-rate.png"}


def test_a_range_that_does_not_rise_is_refused(subject: Recipe) -> None:
    with pytest.raises(SettingError, match="low must be below high; received 1 and 0.1"):
        LearningRateStudy(subject=subject, low=1, high=0.1)


def test_batch_sizes_are_compared_after_equal_epochs_updates_and_time(
    subject: Recipe, bars: DataSplits, tmp_path: Path
) -> None:
    study = BatchSizeStudy(
        subject=subject, sizes=(4, 32), seeds=2, images=100, epochs=2, updates=30, seconds=0.05, full=True
    )
    done = run_study(study, bars, out=tmp_path / "study")
    assert [(row.size, row.seed) for row in done.trials] == [(4, 0), (32, 0), (4, 1), (32, 1)]
    for row in done.trials:
        assert row.whole
        assert row.updates_per_epoch == math.ceil(100 / row.size)
        shares = (row.accuracy_equal_epochs, row.accuracy_equal_updates, row.accuracy_equal_time)
        assert all(share is not None and 0 <= share <= 1 for share in shares)
        assert row.loss_deviation > 0
        assert row.images_per_second == pytest.approx(row.updates_per_second * 100 / row.updates_per_epoch)
    assert set(done.findings.sizes) == {4, 32}
    assert done.findings.recommendation in {4, 32}
    assert done.findings.conclusion[-1].startswith("Recommended size:")
    assert figures(done) == {"speed.png", "stability.png", "accuracy.png"}
    header, rows = done.question.table(done.findings)
    assert [row[0] for row in rows] == ["4", "32"]
    assert all(len(row) == len(header) for row in rows)


class KnownSpeed(BatchSizeStudy):
    """A study on a machine whose speed is known: what its updates take is not looked up, but given."""

    def prepared(self, data: DataSplits) -> KnownSpeed:
        return self


def test_epochs_that_take_too_long_are_timed_in_part(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    # 200 updates an epoch at 1 s are 200 s, above the minute; 4 updates an epoch at 0.1 s are not.
    study = KnownSpeed(
        subject=subject, sizes=(1, 64), seeds=1, images=200, updates=20, seconds=0.001, minutes=1,
        update_seconds={1: 1.0, 64: 0.1},
    )  # fmt: skip
    assert [study.seconds_of(key, bars) for key in ((1, 0), (64, 0))] == [20, pytest.approx(2)]
    done = run_study(study, bars, out=tmp_path / "study")
    part, whole = done.trials
    assert not part.whole
    assert part.accuracy_equal_epochs is None
    assert part.epoch_seconds == pytest.approx(200 / part.updates_per_second)
    assert whole.whole
    assert whole.accuracy_equal_epochs is not None
    told = [line for line in done.findings.conclusion if line.startswith("*")]
    assert told == ["* The epochs of size 1 are scaled up from a timed part; --full makes them whole."]
    # what the machine's speed was is not looked up again, whatever it is by now
    assert resume_study(done.path, data=bars).question.model_dump() == study.model_dump()


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"minutes": 1}, {1}),
        ({"minutes": 5}, set()),
        ({"minutes": 1, "full": True}, set()),
        ({"minutes": 1, "seeds": 2}, {1, 8}),
        ({"minutes": 0.01}, {1, 8}),  # one of 64 is no longer than the updates that are made anyhow
    ],
)
def test_the_longest_epochs_are_left_in_part_until_all_fits_the_minutes(
    subject: Recipe, bars: DataSplits, settings: dict, parts: set[int]
) -> None:
    study = BatchSizeStudy(
        **{"subject": subject, "sizes": (1, 8, 64), "seeds": 1, "images": 200, "updates": 20, "seconds": 0.001}
        | {"update_seconds": {1: 1.0, 8: 0.5, 64: 0.1}}
        | settings
    )
    whole = {1: 200, 8: 12.5, 64: 2}  # 200 updates, 25, and 20, as 4 are fewer than those
    part = {1: 20, 8: 10, 64: 2}
    for size in (1, 8, 64):
        assert study.seconds_of((size, 0), bars) == pytest.approx((part if size in parts else whole)[size])


def test_the_speed_of_the_machine_is_looked_up_once(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    study = BatchSizeStudy(subject=subject, sizes=(8, 64), seeds=1, updates=20, seconds=0.001, full=True)
    done = run_study(study, bars, out=tmp_path / "study")
    assert done.question.update_seconds.keys() == {8, 64}
    assert all(taken > 0 for taken in done.question.update_seconds.values())
    assert done.question.look_seconds > 0
    assert resume_study(done.path, data=bars).question == done.question


def test_a_loss_that_becomes_infinite_is_a_result(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    wild = subject.replace(train=subject.train.replace(learning_rate=1e30, optimizer="sgd"))
    study = BatchSizeStudy(subject=wild, sizes=(8,), seeds=1, updates=20, seconds=0.01)
    done = run_study(study, bars, out=tmp_path / "study")
    assert done.trials[0].diverged
    assert done.findings.recommendation is None
    assert "Size 8: the loss became infinite in 1 of 1 trials." in done.findings.conclusion


def test_a_seed_that_diverges_is_counted_and_the_others_go_on(
    subject: Recipe, bars: DataSplits, tmp_path: Path
) -> None:
    wild = subject.replace(train=subject.train.replace(learning_rate=1e30, optimizer="sgd"))
    done = run_study(SeedStudy(subject=wild, n=2), bars, out=tmp_path / "study")
    bad = [row for row in done.trials if row.diverged]
    assert bad
    assert all(row.test_accuracy is None and row.train_seconds is None for row in bad)
    assert done.findings.diverged == len(bad)
    assert f"of which {len(bad)} diverged" in done.findings.conclusion[0]
    assert figures(done) == {"seeds.png"}


def test_a_size_that_diverged_is_not_recommended() -> None:
    best, other = sized((0.98, 0.99), 1.0), sized((0.90, 0.91), 9.0)
    size, _ = recommend({8: best.model_copy(update={"diverged": 1}), 64: other})
    assert size == 64


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sizes": (0,)}, "must be above 0; received 0|must be at least 1; received 0|greater than 0"),
        ({"sizes": (10, 500)}, "Sizes must be at most the training images, 2[0-9]{2}; received 500"),
        ({"sizes": (8, 8)}, "Sizes must differ; received 8, 8"),
        ({"processes": 2}, "processes must be 1; received 2"),
        ({"scaling": "cubic"}, "scaling must be one of these"),
    ],
)
def test_sizes_that_cannot_be_are_refused(
    subject: Recipe, bars: DataSplits, tmp_path: Path, settings: dict, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        run_study(BatchSizeStudy(subject=subject, **settings), bars, out=tmp_path / "study")


def sized(accuracy: tuple[float, ...], seconds: float) -> SizeFindings:
    mean = float(np.mean(accuracy))
    summary = Summary(
        count=len(accuracy), mean=mean, deviation=float(np.std(accuracy, ddof=1)), interval=(0, 1), least=0, greatest=1
    )
    time = Summary(count=1, mean=seconds, deviation=None, interval=None, least=seconds, greatest=seconds)
    nothing = dict.fromkeys(set(SizeFindings.model_fields) - {"whole", "updates_per_epoch", "diverged"})
    known = {"accuracy_equal_time": summary, "epoch_seconds": time}
    return SizeFindings(whole=True, updates_per_epoch=1, diverged=0, **(nothing | known))


def test_of_equally_accurate_sizes_the_quickest_is_recommended() -> None:
    sizes = {1: sized((0.90, 0.91), 9.0), 10: sized((0.97, 0.98), 4.0), 100: sized((0.970, 0.976), 2.0)}
    size, reason = recommend(sizes)
    assert size == 100
    assert "as do 10, and of these its epoch is the shortest" in reason
    size, reason = recommend({1: sizes[1], 10: sizes[10]})
    assert size == 10
    assert "more than any other by above a standard error" in reason


def test_folds_train_to_the_end_whatever_patience_a_recipe_has(
    subject: Recipe, bars: DataSplits, tmp_path: Path
) -> None:
    patient = subject.replace(train=subject.train.replace(patience=1))
    done = run_study(FoldStudy(subject=patient, k=2), bars, out=tmp_path / "study")
    assert len(done.trials) == 2
