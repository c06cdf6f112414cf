import numpy as np
import pytest

from pellucid.study.statistics import Summary, image_interval, seed_interval, summarize, summarize_known


def test_a_summary_has_students_interval() -> None:
    found = summarize([1.0, 2.0, 3.0])
    # t(0.975, 2) = 4.3027, over the root of 3
    assert found.interval == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-4)
    assert (found.mean, found.deviation, found.least, found.greatest, found.count) == (2.0, 1.0, 1.0, 3.0, 3)
    assert found.error == pytest.approx(3**-0.5)


def test_one_repetition_has_no_spread() -> None:
    found = summarize([0.5])
    assert found == Summary(count=1, mean=0.5, deviation=None, interval=None, least=0.5, greatest=0.5)
    assert found.words(".1%") == "50.0%"


def test_a_summary_in_words() -> None:
    text = summarize([0.98, 0.99, 1.0]).words(".1%")
    assert text == "99.0% (sd 1.0%, 95% interval of the mean 96.5% to 101.5%, 98.0% to 100.0%)"


def test_what_is_missing_once_is_not_summed_up() -> None:
    assert summarize_known([0.5, None]) is None
    assert summarize_known([]) is None
    assert summarize_known([0.5, 0.7]) == summarize([0.5, 0.7])


def test_the_bootstrap_gives_the_interval_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(1.0, 2.0, 400)
    low, high = image_interval(values)
    reach = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - reach, abs=0.05)
    assert high == pytest.approx(values.mean() + reach, abs=0.05)
    wide = image_interval(values, confidence=0.999)
    assert wide[0] < low < high < wide[1]


def test_a_constant_difference_is_certain() -> None:
    assert image_interval(np.full(30, 0.25)) == (0.25, 0.25)


def test_seeds_have_students_interval_and_one_seed_has_none() -> None:
    assert seed_interval([1.0, 2.0, 3.0]) == summarize([1.0, 2.0, 3.0]).interval
    assert seed_interval([1.0]) is None
    # t(0.995, 2) = 9.9248
    assert seed_interval([1.0, 2.0, 3.0], confidence=0.99) == pytest.approx((2 - 5.7301, 2 + 5.7301), abs=1e-3)


def test_rounding_does_not_carry_a_mean_past_its_values() -> None:
    found = summarize([0.1] * 3)
    assert found.least <= found.mean <= found.greatest
