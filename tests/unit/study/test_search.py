from __future__ import annotations

import json
from pathlib import Path

import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidError, SettingError
from pellucid.spec.recipes import Recipe
from pellucid.spec.train import TrainSpec
from pellucid.study.batch_size import BatchSizeStudy
from pellucid.study.question import Question
from pellucid.study.runner import resume_study, run_study
from pellucid.study.search import SearchStudy
from pellucid.study.space import check_space, read_space, settings_of
from pellucid.train.choice import choose

SHORT = "conv 2 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
SPACE = {
    "learning_rate": {"low": 0.0005, "high": 0.05, "log": True},
    "batch_size": [16, 32],
    "model": "conv {filters} 3x3 relu, maxpool 2x2, flatten, dense 3 softmax",
    "filters": [2, 4],
}


def test_the_best_of_a_search_is_a_recipe_that_trains_to_the_same(
    subject: Recipe, bars: DataSplits, tmp_path: Path
) -> None:
    done = run_study(SearchStudy(subject=subject, trials=8, space=SPACE), bars, out=tmp_path / "study")
    assert [row.trial for row in done.trials] == list(range(8))
    complete = [row for row in done.trials if row.state == "complete"]
    best = done.trials[done.findings.best_trial]
    assert best.val_accuracy == max(row.val_accuracy for row in complete) == done.findings.val_accuracy
    assert set(json.loads(best.values)) == set(SPACE)
    run = pl.fit(bars, recipe=str(done.path / "best.json"))
    assert run.record.recipe == "best"
    assert run.history["val_accuracy"][-1] == best.val_accuracy
    assert (done.path / "search.png").exists()
    assert json.loads((done.path / "space.json").read_text()) == SPACE


@pytest.mark.parametrize("answering", [{"vote": 2}, {"test_time_augmentation": "shift=0.125"}])
def test_trials_are_judged_by_what_the_run_answers(bars: DataSplits, tmp_path: Path, answering: dict) -> None:
    subject = choose(bars, model=SHORT, epochs=2, batch_size=32, learning_rate=0.003, **answering)
    space = {"label_smoothing": [0.0, 0.3]}
    done = run_study(SearchStudy(subject=subject, trials=3, space=space), bars, out=tmp_path / "study")
    for row in done.trials:
        results = pl.fit(bars, recipe=subject, **json.loads(row.values)).record.results
        assert (row.state, row.val_accuracy) == ("complete", results.validation.accuracy)


@pytest.mark.parametrize("kind", [SearchStudy, BatchSizeStudy])
def test_without_a_validation_split_nothing_can_be_judged(
    bars: DataSplits, tmp_path: Path, kind: type[Question]
) -> None:
    own = DataSplits("bars", bars.train, None, validation=bars.test)
    subject = choose(own, model=SHORT, validation_split=None)
    with pytest.raises(SettingError, match="needs a validation split; validation_split must be given; received None"):
        run_study(kind(subject=subject), own, out=tmp_path / "study")


def test_a_search_goes_on_with_what_optuna_knows(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(SearchStudy(subject=subject, trials=4, space=SPACE), bars, out=tmp_path / "study")
    table = done.path / "trials.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:3]))  # as if it had been killed after two trials
    again = resume_study(done.path, data=bars)
    assert table.read_text().splitlines(keepends=True)[:3] == lines[:3]
    assert len(again.trials) == 4


def test_processes_search_in_one_storage(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    done = run_study(SearchStudy(subject=subject, trials=6, space=SPACE, processes=2), bars, out=tmp_path / "study")
    assert len(done.trials) == 6
    assert done.findings.val_accuracy > 0.3


def test_trials_that_fail_are_counted_and_the_rest_goes_on(subject: Recipe, bars: DataSplits, tmp_path: Path) -> None:
    space = {"model": "conv 2 {size}x{size} relu, flatten, dense 3 softmax", "size": [3, 99]}
    done = run_study(SearchStudy(subject=subject, trials=6, space=space), bars, out=tmp_path / "study")
    failed = [row for row in done.trials if row.state == "failed"]
    assert failed
    assert all("kernel_size must be at most the input" in row.reason and row.val_accuracy is None for row in failed)
    with pytest.raises(PellucidError, match="No trial came to its end. The first reason: kernel_size must be"):
        run_study(SearchStudy(subject=subject, trials=1, space=space | {"size": [99, 98]}), bars, out=tmp_path / "no")


def test_a_space_leads_into_the_optimizer_and_fills_blanks() -> None:
    values = {"optimizer": "adamw", "optimizer.weight_decay": 0.5, "model": "dense {units} softmax", "units": 3}
    text, spec = settings_of(values, TrainSpec())
    assert text == "dense 3 softmax"
    assert spec.optimizer == pl.AdamW(weight_decay=0.5)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"learning_rat": [1, 2]}, "Unknown entry 'learning_rat' of the search space. Did you mean learning_rate?"),
        ({"seed": [1, 2]}, "Unknown entry 'seed'"),
        ({"model": "conv {filters} 3x3", "epochs": [1, 2]}, "blank {filters} must be an entry of its own"),
        ({"batch_size": []}, "The choices of batch_size must not be empty"),
        ({"epochs": {"low": 3}}, "must have low and high, and may have log or step; received low"),
        ({"epochs": {"low": 3, "high": "x"}}, "The ends of epochs must be numbers; received 3 and 'x'"),
        ({"epochs": {"low": 3, "high": 3}}, "must rise"),
        ({"learning_rate": {"low": 0, "high": 1, "log": True}}, "from above 0 if it is logarithmic; received 0 to 1"),
        ({"model": 5, "epochs": [1, 2]}, "model must be a text, or a list of texts; received 5"),
        ({"epochs": 3}, "must vary something"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(space: dict, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        check_space(space)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "cannot be read"), ("[1]", "must be a mapping of names; received list")]
)
def test_a_file_that_is_no_space_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "space.json").write_text(text)
    with pytest.raises(SettingError, match=message):
        read_space(tmp_path / "space.json")


def test_a_range_that_optuna_cannot_take_is_refused_beforehand(
    subject: Recipe, bars: DataSplits, tmp_path: Path
) -> None:
    space = {"epochs": {"low": 1, "high": 8, "step": 0}}
    with pytest.raises(SettingError, match="The range of epochs cannot be searched"):
        run_study(SearchStudy(subject=subject, trials=2, space=space), bars, out=tmp_path / "study")
    assert not (tmp_path / "study").exists()
