"""What a report says of judged images beside accuracy: mistakes, slices, doubt."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import ImageDataset
from pellucid.judge.evaluation import Answers, Evaluation, Neighbour, evaluation_of
from pellucid.judge.slices import Slice
from pellucid.sections.doubt import doubt_section
from pellucid.sections.mistakes import mistakes_section
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
    assert table.caption == "All differences may be chance; the 5 with the lowest accuracy"
    assert table.rows[1] == ("class: x", "1,200", "10.00%", "10.00% to 90.00%", "no")
    (table,) = slices_section([*usual, a_slice("brightness", 0.95, differs=True)]).tables
    assert [row[0] for row in table.rows] == ["brightness: x"]


def test_a_run_that_was_not_asked_says_why_it_never_doubts(run: pl.Run, evaluation: Evaluation) -> None:
    assert evaluation.unknown is None
    assert doubt_section(evaluation, run.record, None).body == (
        "An earlier version judged this run, and did not look at that. Judge it again.",
    )
    without = run.record.model_copy(update={"doubt": None})
    (why,) = doubt_section(evaluation, without, None).body
    assert str(why).startswith("This run never says “I don't know”, since an earlier version trained it.")
