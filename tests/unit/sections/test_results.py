"""Sections about what came out: a training, its curves, an evaluation, answers, runs side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import ImageDataset
from pellucid.errors import RunError
from pellucid.judge.evaluation import Answers, Evaluation, evaluation_of
from pellucid.run.record import RunRecord
from pellucid.sections.brightness import brightness_hint
from pellucid.sections.curves import curves_section
from pellucid.sections.evaluation import evaluation_section
from pellucid.sections.prediction import prediction_section
from pellucid.sections.runs import comparison_section, runs_section
from pellucid.sections.training import training_section

PATH = Path("runs/first")


def without_test(record: RunRecord) -> RunRecord:
    assert record.results
    return record.model_copy(update={"results": record.results.model_copy(update={"test": None})})


def test_a_training_with_and_without_a_test_split(run: pl.Run) -> None:
    section = training_section(run.record, PATH)
    (text,) = section.body
    assert [line.split(" ")[0] for line in str(text).splitlines()] == ["test", "trained"]
    assert section.remarks == ()
    assert section.document["run"] == str(PATH)
    bare = training_section(without_test(run.record), PATH)
    assert str(bare.body[0]).startswith("trained in ")
    assert bare.remarks == ("bars has no test split, so there is no test accuracy.",)


def test_curves_are_told_and_drawn(run: pl.Run) -> None:
    section = curves_section(run.history, run.record, PATH)
    (picture,) = section.pictures
    assert picture.alternative_text.startswith("Two line charts over 8 epochs: accuracy, at last ")
    assert "validation" in picture.alternative_text
    figure = picture.draw()
    assert [axes.get_xlabel() for axes in figure.axes] == ["epoch", "epoch"]
    assert figure.axes[0].get_ylabel() == "accuracy (share of right answers)"
    assert list(picture.numbers["epoch"]) == list(range(1, 9))


def test_without_an_epoch_there_are_no_curves(run: pl.Run) -> None:
    with pytest.raises(RunError, match="no finished epoch"):
        curves_section(pl.History(), run.record, PATH)


@pytest.fixture
def evaluation(run: pl.Run) -> Evaluation:
    return pl.Run(run.predictor, data=run.own_data()).evaluate()


def test_an_evaluation_has_classes_confusion_and_mistakes(evaluation: Evaluation) -> None:
    mistake = {"index": 0, "label": "across", "predicted": "aslant", "probability": 0.75, "source": None}
    judged = Evaluation.model_validate(evaluation.model_dump() | {"mistakes": [mistake], "count": 1})
    section = evaluation_section(judged, PATH)
    classes, confusion = section.tables
    assert section.title == "bars, test split, 1 image"
    assert [row[0] for row in classes.rows] == ["across", "upright", "aslant"]
    assert confusion.header == ("", "across", "upright", "aslant")
    assert confusion.caption.startswith("confusion: a row is what the images are")
    assert section.body[-1] == "1 mistake; the worst:\n  image 0: across taken for aslant at 75.00%"
    none = Evaluation.model_validate(evaluation.model_dump() | {"mistakes": []})
    assert evaluation_section(none, PATH).body[-1] == "0 mistakes"


def test_of_many_classes_the_worst_are_shown_and_the_rest_is_said_to_be_elsewhere() -> None:
    labels = np.repeat(np.arange(300), 4)
    predicted = labels.copy()
    predicted[:8] = [1, 1, 1, 1, 0, 0, 0, 2]  # of class 0 four, of class 1 three and one
    names = tuple(f"class {number}" for number in range(300))
    data = ImageDataset(np.zeros((1200, 2, 2, 1), np.uint8), labels, names)
    answers = Answers(predicted, np.ones(1200, np.float32), np.ones(1200))
    section = evaluation_section(evaluation_of(data, answers, data="many"), PATH)
    worst, confusions, slices = section.tables
    assert [row[0] for row in slices.rows] == ["class: class 0", "class: class 1"]
    assert worst.caption == "the 20 of 300 classes with the lowest F1"
    assert [row[0] for row in worst.rows[:3]] == ["class 0", "class 1", "class 2"]
    assert len(worst.rows) == 20
    assert confusions.caption == "the commonest of 3 confusions"
    assert confusions.rows == (
        ("class 0", "class 1", "4"),
        ("class 1", "class 0", "3"),
        ("class 1", "class 2", "1"),
    )
    assert section.remarks[0].startswith("All 300 classes and the whole confusion matrix are in the output of --json")
    assert len(section.document["confusion"]) == 300
    right = evaluation_section(evaluation_of(data, Answers(labels, answers.confidence, answers.losses), data="m"), PATH)
    assert len(right.tables) == 1


def test_answers_are_ranked() -> None:
    answer = pl.Prediction("a", 0.7, {"b": 0.1, "a": 0.7, "c": 0.2})
    section = prediction_section(
        {"run": str(PATH)}, [Path("x.png")], [answer], top=2, faults=["y.png: no."], hints=["Look."]
    )
    assert section.tables[0].rows == (("x.png", "a 70.00%, c 20.00%"),)
    assert section.warnings == ("Look.", "pellucid: y.png: no.")
    assert section.document["faults"] == ["y.png: no."]
    assert prediction_section({"run": str(PATH)}, [], [], faults=["y.png: no."]).body == ()


@pytest.mark.parametrize(
    ("brightness", "inverted", "remedy"),
    [(0.9, False, "try --invert"), (0.9, True, "leave --invert out"), (0.5, False, None), (0.1, False, None)],
)
def test_dark_ink_on_bright_paper_is_hinted_at(brightness: float, inverted: bool, remedy: str | None) -> None:
    hint = brightness_hint(Path("x.png"), brightness, 0.1, inverted)
    assert (hint is None) == (remedy is None)
    assert hint is None or remedy is None or hint.endswith(f"{remedy}.")


def test_runs_are_sorted_and_what_is_not_known_is_a_dash(run: pl.Run) -> None:
    found = [(Path("b"), run.record), (Path("a"), without_test(run.record))]
    section = runs_section(found, [RunError("It is damaged.")], sort="accuracy", reverse=True)
    assert [row[0] for row in section.tables[0].rows] == ["b", "a"]
    assert section.tables[0].rows[1][-2:] == ("-", "-")
    assert section.warnings == ("pellucid: It is damaged.",)
    assert section.document["faults"] == ["It is damaged."]
    assert runs_section([], []).body == ()


def test_runs_are_compared_where_they_differ(run: pl.Run) -> None:
    other = run.record.model_copy(update={"recipe": "another"})
    section = comparison_section([(Path("one"), run.record), (Path("runs/two"), other)])
    assert section.tables[0].header == ("", "one", "two")
    assert section.document["differences"] == {"recipe": ["custom", "another"]}
    same = comparison_section([(Path("one"), run.record), (Path("two"), run.record)])
    assert (same.body, same.remarks) == ((), ("The runs do not differ.",))
