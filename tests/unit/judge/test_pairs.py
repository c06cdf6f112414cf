"""Pairs of networks on the same images."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.judge.pairs import holm, mcnemar, paired_interval


def test_mcnemar_counts_what_only_one_answers_right() -> None:
    first = np.array([True] * 5 + [True] + [False] * 9 + [False] * 3)
    second = np.array([True] * 5 + [False] + [True] * 9 + [False] * 3)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (1, 9)
    assert found.p_value == pytest.approx(2 * 11 / 2**10)  # at most 1 of 10 heads, on both sides


def test_mcnemar_of_equal_answers_shows_nothing() -> None:
    same = np.array([True, False])
    assert mcnemar(same, same).p_value == 1.0


def test_the_score_interval_is_that_of_the_literature() -> None:
    # 7 and 1 of 21 children, Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33(16), 2850-2875
    assert paired_interval(7, 1, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)
    low, high = paired_interval(1, 7, 21)
    assert (-high, -low) == pytest.approx(paired_interval(7, 1, 21))


def test_where_no_image_tells_two_apart_few_images_say_little() -> None:
    z = 1.959964
    for count in (20, 10_000):
        reach = z * z / (count + z * z)  # solved by hand
        assert paired_interval(0, 0, count) == pytest.approx((-reach, reach), abs=1e-6)
    assert paired_interval(0, 10, 10)[1] == 1.0


def test_with_many_images_it_is_the_normal_interval() -> None:
    low, high = paired_interval(400, 600, 100_000)
    reach = 1.96 * math.sqrt(1000 / 100_000 - 0.002**2) / math.sqrt(100_000)
    assert (low, high) == pytest.approx((0.002 - reach, 0.002 + reach), abs=5e-6)
    wide = paired_interval(400, 600, 100_000, confidence=0.99)
    assert wide[0] < low < high < wide[1]


def test_it_holds_the_truth_as_often_as_it_says() -> None:
    parts = np.random.default_rng(0).multinomial(200, [0.03, 0.06, 0.91], 200)
    held = [low <= 0.03 <= high for one, two, _ in parts.tolist() for low, high in [paired_interval(one, two, 200)]]
    assert 0.91 < np.mean(held) < 0.985


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
