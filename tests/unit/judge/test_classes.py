import numpy as np
import pytest

from pellucid.judge.classes import confused_pairs, judged_classes
from pellucid.judge.intervals import f1_interval, wilson_interval

MATRIX = np.array([[40, 10, 0], [5, 45, 0], [0, 0, 0]])
NAMES = ("a", "b", "never seen")


def test_each_figure_has_its_interval() -> None:
    (first, second, third), averages = judged_classes(MATRIX, NAMES)
    assert (first.recall, first.recall_interval) == (0.8, wilson_interval(40, 50))
    assert second.precision_interval == wilson_interval(45, 55)
    assert first.f1_interval is not None
    assert first.f1 is not None
    assert first.f1_interval[0] < first.f1 < first.f1_interval[1]
    assert (third.support, third.recall, third.precision, third.f1) == (0, None, None, None)
    assert (third.recall_interval, third.precision_interval, third.f1_interval) == (None, None, None)
    assert averages.recall.value == pytest.approx((0.8 + 0.9) / 2)  # the class without images does not count
    assert averages.precision.value == pytest.approx((40 / 45 + 45 / 55) / 2)
    assert judged_classes(MATRIX, NAMES) == judged_classes(MATRIX, NAMES)


def test_the_interval_of_a_mean_is_that_of_its_spread() -> None:
    _, averages = judged_classes(MATRIX, NAMES)
    low, high = averages.recall.interval
    deviation = np.sqrt(0.8 * 0.2 / 50 + 0.9 * 0.1 / 50) / 2  # of the mean of two proportions
    assert (high - low) / 2 == pytest.approx(1.96 * deviation, rel=0.1)


def test_a_class_that_is_never_answered_counts_as_nothing() -> None:
    (_, second), averages = judged_classes(np.array([[10, 0], [10, 0]]), ("a", "b"))
    assert (second.precision, second.recall, second.f1) == (None, 0.0, 0.0)
    assert averages.precision.value == pytest.approx(0.25)
    assert averages.f1.value == pytest.approx((2 / 3) / 2)


@pytest.mark.parametrize(("matrix", "hits", "count"), [([[3, 0], [0, 0]], 3, 3), ([[0, 0], [1, 0]], 0, 1)])
def test_one_class_alone_may_be_judged(matrix: list[list[int]], hits: int, count: int) -> None:
    _, averages = judged_classes(np.array(matrix), ("a", "b"))
    assert averages.recall.interval == pytest.approx(wilson_interval(hits, count))


# Images of the class, of all others, recall of both.
@pytest.mark.parametrize(
    ("own", "others", "recalls"),
    [(60, 940, (0.99, 0.999)), (60, 940, (0.95, 0.99)), (30, 270, (0.97, 0.997)), (20, 20, (0.9, 0.9))],
)
def test_the_interval_of_f1_holds_it_as_often_as_it_says(own: int, others: int, recalls: tuple[float, float]) -> None:
    """A bootstrap of images holds the first in 0.77 of all samples."""
    random = np.random.default_rng(0)
    hits, wrong = random.binomial(own, recalls[0], 4000), random.binomial(others, 1 - recalls[1], 4000)
    true = 2 * own * recalls[0] / (own * (1 + recalls[0]) + others * (1 - recalls[1]))
    bounds = [f1_interval(right, own + mistaken) for right, mistaken in zip(hits.tolist(), wrong.tolist(), strict=True)]
    assert 0.92 < np.mean([low <= true <= high for low, high in bounds]) < 0.99


def test_the_interval_of_a_mean_holds_it_where_mistakes_are_few() -> None:
    random, held = np.random.default_rng(0), []
    for _ in range(80):
        first, second = random.binomial(60, 0.99), random.binomial(940, 0.999)
        _, averages = judged_classes(np.array([[first, 60 - first], [940 - second, second]]), ("a", "b"))
        means = (averages.recall, 0.9945), (averages.f1, 0.99319)
        held.append([mean.interval[0] <= true <= mean.interval[1] for mean, true in means])
    assert (np.mean(held, axis=0) > 0.85).all(), "a bootstrap alone: 0.42 and 0.78"


def test_the_commonest_confusions_come_first() -> None:
    first, second = confused_pairs(MATRIX, NAMES)
    assert (first.label, first.predicted, first.count, first.share) == ("a", "b", 10, 0.2)
    assert (second.label, second.predicted, second.count) == ("b", "a", 5)
    assert len(confused_pairs(np.ones((300, 300), int), tuple(map(str, range(300))))) == 20
