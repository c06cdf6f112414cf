"""Scores and intervals with answers from the literature or worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.judge.classes import confusion_matrix, judged_classes
from pellucid.judge.intervals import wilson_interval


def test_the_wilson_interval_is_the_published_one() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    for right, count, lower, upper in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson_interval(right, count) == pytest.approx((lower, upper), abs=5e-5)


@pytest.mark.parametrize("count", [1, 7, 10_000])
def test_the_interval_stays_within_0_and_1(count: int) -> None:
    assert wilson_interval(0, count)[0] == 0.0
    assert wilson_interval(count, count)[1] == 1.0
    lower, upper = wilson_interval(count // 2, count)
    assert 0 <= lower <= (count // 2) / count <= upper <= 1


def test_the_confusion_matrix_counts_labels_by_row() -> None:
    labels, predicted = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 1, 0])
    assert confusion_matrix(labels, predicted, 4).tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_precision_recall_and_f1_are_ratios_of_the_matrix() -> None:
    (first, second, third, fourth), _ = judged_classes(
        np.array([[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]), ("a", "b", "c", "d")
    )
    assert (first.support, first.precision, first.recall, first.f1) == (3, 2 / 3, 2 / 3, 2 / 3)
    assert (second.precision, second.recall, second.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert (third.precision, third.recall, third.f1) == (None, 0.0, 0.0)
    assert (fourth.support, fourth.precision, fourth.recall, fourth.f1) == (0, None, None, None)
