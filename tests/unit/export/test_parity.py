import numpy as np
import pytest

from pellucid.errors import RunError
from pellucid.export.parity import alone, compare

RUN = np.array([[0.7, 0.3], [0.50004, 0.49996], [0.1, 0.9]], np.float32)
NAMES = ["a.png", "b.png", "c.png"]


def with_row(row: int, *values: float) -> np.ndarray:
    changed = RUN.copy()
    changed[row] = values
    return changed


def test_what_agrees_is_counted() -> None:
    agreement = compare(RUN, with_row(0, 0.70005, 0.29995), 500, NAMES)
    assert agreement.greatest_difference == pytest.approx(5e-5, rel=0.01)
    assert (agreement.images, agreement.batch_size) == (3, 3)  # there are no more at once than there are
    assert (agreement.differing_answers, agreement.ties) == (0, 0)


def test_a_differing_answer_may_be_a_tie_within_the_tolerance() -> None:
    agreement = compare(RUN, with_row(1, 0.49999, 0.50001), 1, NAMES)
    assert (agreement.differing_answers, agreement.ties) == (1, 1)


@pytest.mark.parametrize("values", [(0.6998, 0.3002), (np.nan, 0.3), (np.inf, 0.3)])
def test_images_that_differ_are_named(values: tuple[float, float]) -> None:
    with pytest.raises(
        RunError,
        match=r"within 0\.0001 of each probability; received other answers for 1 image of 3 "
        r"in batches of 1: a\.png \(by .*\)\. It is not to be used\.",
    ):
        compare(RUN, with_row(0, *values), 1, NAMES)


def test_the_images_that_differ_most_come_first() -> None:
    with pytest.raises(RunError, match=r"2 images of 3 .*: c\.png \(by 0\.2\), a\.png \(by 0\.1\)"):
        compare(RUN, np.array([[0.6, 0.4], RUN[1], [0.3, 0.7]], np.float32), 500, NAMES)


def test_few_images_are_all_asked_alone_and_of_many_some_from_the_first_to_the_last() -> None:
    assert alone(3).tolist() == [0, 1, 2]
    some = alone(10_000)
    assert (len(some), some[0], some[-1]) == (1000, 0, 9999)
