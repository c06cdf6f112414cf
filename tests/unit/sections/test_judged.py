"""What a report says of judged images beside accuracy: mistakes, slices, doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.judge.drift import Drift
from pellucid.judge.evaluation import Answers, Evaluation, Neighbour, evaluation_of
from pellucid.judge.slices import Slice
from pellucid.judge.unknown import Unknown
from pellucid.language import speaking
from pellucid.sections.doubt import doubt_section
from pellucid.sections.evaluation import evaluation_section
from pellucid.sections.mistakes import mistakes_section
from pellucid.sections.samples import samples_section
from pellucid.sections.slices import slices_section


def filled(count: int) -> ImageDataset:
    """Images that are told by their one grey."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((2, 2, 1), np.uint8)
    return ImageDataset(images, np.zeros(count, np.int64), ("three", "five"))


@pytest.fixture
def evaluation() -> Evaluation:
    """Of four images two are answered wrong; the surer of these has the smaller loss."""
    answers = Answers(
        np.array([0, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.9], np.float32), np.array([0.1, 1.0, 2.0, 0.1])
    )
    return evaluation_of(filled(4), answers, data="made")


def test_the_worst_mistake_stands_first_beside_the_training_images_it_is_like(evaluation: Evaluation) -> None:
    near = [
        Neighbour(index=5, source=None, label="five", distance=0.25),
        Neighbour(index=99, label="five", distance=1.0),
    ]
    worst, other = evaluation.mistakes
    judged = evaluation.model_copy(update={"mistakes": (other, worst.model_copy(update={"nearest": tuple(near)}))})
    section = mistakes_section(judged, filled(4), filled(6))
    first, second = section.galleries[0].tiles
    assert first.lines == ("three \u2192 five", "70.0%")
    (beside,) = first.beside  # the other is not among the training images any more
    assert (beside.pixels.max(), beside.lines) == (5, ("five", "0.25"))
    assert second.beside == ()
    assert section.galleries[0].caption.endswith("with their class and distance (0: the same).")
    assert mistakes_section(judged, filled(4)).galleries[0].tiles[0].beside == ()


def a_slice(by: str, accuracy: float, *, differs: bool = False) -> Slice:
    return Slice(by=by, name="x", count=1200, accuracy=accuracy, interval=(0.1, 0.9), p_value=0.01, differs=differs)


def test_slices_that_differ_are_shown_and_where_none_does_the_worst() -> None:
    usual = [a_slice("class", 0.1 * number) for number in range(7)]
    none = slices_section(usual)
    (table,) = none.tables
    assert none.body[0] == "0 of 7 slices by class, size and look differ from all other images (Fisher's test, Holm)"
    assert table.caption == "all differences may be chance; the 5 with the lowest accuracy"
    assert table.rows[1] == ("class: x", "1,200", "10.00%", "10.00% to 90.00%", "no")
    (table,) = slices_section([*usual, a_slice("brightness", 0.95, differs=True)]).tables
    assert [row[0] for row in table.rows] == ["brightness: x"]


@pytest.mark.parametrize(
    ("by", "name", "told"),
    [
        ("brightness", "0.10 to 0.23", "亮度: 0.10 至 0.23"),
        ("size", "48 to 64 pixels", "大小: 48 至 64 像素"),
        ("size", "64 pixels", "大小: 64 像素"),
        ("amount drawn", "1.0% to 1.0% (2 of 4)", "笔画占比: 1.0% 至 1.0%（第 2 份，共 4 份）"),  # noqa: RUF001
        ("age", "-3 to 1e+06", "age: -3 至 1e+06"),
        ("site", "(empty)", "site: （空）"),  # noqa: RUF001
        ("site", "(others)", "site: （其他）"),  # noqa: RUF001
        ("site", "Berlin to Rome", "site: Berlin to Rome"),
        ("class", "1 to 2", "类别: 1 to 2"),
    ],
)
def test_the_words_of_slices_are_translated_and_those_of_the_data_are_not(by: str, name: str, told: str) -> None:
    one = a_slice(by, 0.5, differs=True).model_copy(update={"name": name})
    (english,) = slices_section([one]).tables
    assert english.rows[0][0] == f"{by}: {name}"
    with speaking("zh"):
        (table,) = slices_section([one]).tables
    assert table.rows[0][0] == told


def test_drift_is_told_on_the_page_and_in_the_document(evaluation: Evaluation, run: pl.Run) -> None:
    drift = Drift(count=4, farther=0.93, p_value=1e-9, shifted=True)
    counts = {"answered": 4, "foreign": 0, "doubtful": 0, "wrong": 2, "wrong_refused": 0}
    unknown = Unknown(
        keep=0.99,
        promised=0.99,
        held_out=200,
        **counts,
        accuracy=None,
        accuracy_interval=None,
        drift=drift,
        histograms=(),
    )
    drifted = evaluation.model_copy(update={"unknown": unknown})
    warning = "These 4 images are unlike those trained on: answers may be wrong. In 93% of all pairs"
    section = evaluation_section(drifted, None)
    assert any(warning in part for part in section.body if isinstance(part, str))
    assert section.document["hints"][0].startswith(warning)
    assert warning in str(doubt_section(drifted, run.record, None).body[0])


def test_groups_are_told_and_what_finds_copies_that_only_look_alike(run: pl.Run) -> None:
    splits = run.own_data()
    train = replace(splits.train, groups=tuple(f"writer {row % 3}" if row else "" for row in range(len(splits.train))))
    section = samples_section(run.record, DataSplits("bars", train, splits.test), 0)
    assert "The images belong to 3 groups, as of a writer or patient each." in str(section.body[1])
    assert section.document["groups"] == 3
    assert str(section.body[-1]).endswith(
        f"Copies that only look alike are sought by: pellucid data audit {run.record.data.location}"
    )
    two = samples_section(run.record, splits, 2)
    assert str(two.body[-1]).startswith(
        "2 images of the test split stand in the training split as well, pixel by pixel"
    )
    assert two.document["groups"] is None


def test_a_run_that_was_not_asked_says_why_it_never_doubts(run: pl.Run, evaluation: Evaluation) -> None:
    assert evaluation.unknown is None
    assert doubt_section(evaluation, run.record, None).body == (
        "An earlier version judged this run, and did not look at that. Judge it again.",
    )
    without = run.record.model_copy(update={"doubt": None})
    (why,) = doubt_section(evaluation, without, None).body
    assert str(why).startswith("This run never says “I don't know”, since an earlier version trained it.")
