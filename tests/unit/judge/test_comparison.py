"""Runs compared by what their evaluations hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.dataset import ImageDataset
from pellucid.errors import RunError, SettingError
from pellucid.judge.comparison import answered_right, compare_runs, read_evaluation
from pellucid.judge.evaluation import Answers, Evaluation, evaluation_of
from pellucid.run.folder import RunFolder


def judged(wrong: range, count: int = 1000, shade: int = 0) -> Evaluation:
    """An evaluation with these images answered wrong."""
    labels = np.arange(count) % 2
    predicted = labels.copy()
    predicted[list(wrong)] = 1 - labels[list(wrong)]
    data = ImageDataset(np.full((count, 2, 2, 1), shade, np.uint8), labels, ("a", "b"))
    return evaluation_of(data, Answers(predicted, np.ones(count, np.float32), np.ones(count)), data="some")


def test_right_and_wrong_are_read_from_the_mistakes() -> None:
    assert np.flatnonzero(~answered_right(judged(range(3, 6)), "run")).tolist() == [3, 4, 5]
    whole = judged(range(3, 6))
    cut = whole.model_copy(update={"mistakes": whole.mistakes[:1]})
    with pytest.raises(RunError, match="of run must list a mistake for each of 3 wrong answers; it lists 1"):
        answered_right(cut, "run")


def test_a_difference_is_shown_where_the_test_shows_one() -> None:
    compared = compare_runs({"poor": judged(range(40)), "good": judged(range(10))})
    (pair,) = compared.pairs
    assert (pair.difference, pair.better, pair.shown, pair.within_margin) == (0.03, "good", True, False)
    assert (pair.mcnemar.only_first, pair.mcnemar.only_second) == (0, 30)
    assert pair.interval[0] < 0.03 < pair.interval[1]
    assert compared.accuracies == {"poor": 0.96, "good": 0.99}
    backward = compare_runs({"good": judged(range(10)), "poor": judged(range(40))}).pairs[0]
    assert (backward.better, backward.difference) == ("good", -0.03)


def test_no_difference_shown_is_not_the_same_within_the_margin() -> None:
    few = {"one": judged(range(10)), "two": judged(range(1, 12))}
    (pair,) = compare_runs(few).pairs
    assert (pair.shown, pair.better, pair.within_margin) == (False, None, False)
    (wide,) = compare_runs(few, margin=0.02).pairs
    assert (wide.shown, wide.within_margin) == (False, True)
    (both,) = compare_runs({"one": judged(range(10)), "two": judged(range(20))}, margin=0.03).pairs
    assert (both.better, both.within_margin) == ("one", True)  # better, and it does not matter


def test_many_pairs_are_corrected() -> None:
    runs = {"one": judged(range(20)), "two": judged(range(13)), "three": judged(range(20))}
    pairs = compare_runs(runs).pairs
    alone = compare_runs({name: runs[name] for name in ("one", "two")}).pairs[0]
    assert [(pair.first, pair.second) for pair in pairs] == [("one", "two"), ("one", "three"), ("two", "three")]
    assert alone.shown
    assert alone.p_corrected == pytest.approx(2 / 2**7)
    assert pairs[0].p_corrected == pytest.approx(6 / 2**7)
    assert pairs[0].interval[0] < alone.interval[0]
    assert pairs[1].p_corrected == 1.0


def test_other_images_are_refused() -> None:
    with pytest.raises(RunError) as caught:
        compare_runs({"one": judged(range(3)), "two": judged(range(3), shade=9)})
    assert str(caught.value).startswith("Runs are compared on the same test images; one was judged on 1,000 images of ")
    with pytest.raises(RunError, match="At least 2 different runs are compared; received 1"):
        compare_runs({"one": judged(range(3))})
    with pytest.raises(SettingError, match="margin must be above 0 and below 100 points; received 0"):
        compare_runs({"one": judged(range(3)), "two": judged(range(3))}, margin=0.0)


def test_a_run_that_was_not_judged_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"was not judged on a test split yet\. Judge it with: pellucid evaluate "):
        read_evaluation(RunFolder(tmp_path))
    (tmp_path / "evaluation.json").write_text(judged(range(3)).to_json())
    assert read_evaluation(RunFolder(tmp_path)) == judged(range(3))
