import numpy as np
import pytest
from scipy.stats import fisher_exact

from pellucid.data.dataset import ImageDataset
from pellucid.judge.slices import in_quarters, slices_of, what_is_common

RIGHT = np.array([True] * 80 + [False] * 20)


def test_a_slice_is_held_against_all_other_images() -> None:
    where = ["here"] * 70 + ["there"] * 30  # 70 of 70, and 10 of 30
    here, there = slices_of(RIGHT, {"place": where, "one for all": ["same"] * 100})
    assert (here.by, here.name, here.count, here.accuracy) == ("place", "here", 70, 1.0)
    expected = fisher_exact([[10, 20], [70, 0]]).pvalue
    assert there.p_value == pytest.approx(2 * expected)  # two slices were looked at
    assert there.differs
    assert there.interval[0] < 1 / 3 < there.interval[1]


@pytest.mark.parametrize(("hits", "count"), [(5, 5), (1, 4), (20, 40), (0, 3), (79, 90)])
def test_the_test_is_fishers(hits: int, count: int) -> None:
    members = np.array(["no"] * 100, dtype=object)
    members[np.flatnonzero(RIGHT)[:hits]] = "yes"
    members[np.flatnonzero(~RIGHT)[: count - hits]] = "yes"
    found = {one.name: one for one in slices_of(RIGHT, {"member": members.tolist()})}
    expected = fisher_exact([[hits, count - hits], [80 - hits, 20 - count + hits]]).pvalue
    assert found["yes"].count == count
    assert found["yes"].p_value == pytest.approx(min(1.0, 2 * expected))


def test_many_looks_at_nothing_find_nothing() -> None:
    random = np.random.default_rng(0)
    looks = {str(number): random.integers(0, 5, 100).astype(str).tolist() for number in range(40)}
    assert not any(one.differs for one in slices_of(RIGHT, looks))


def test_amounts_are_told_in_quarters() -> None:
    assert in_quarters(np.arange(8.0), "{:.0f}", " px") == [
        *("0 to 1 px", "0 to 1 px", "2 to 3 px", "2 to 3 px", "4 to 5 px", "4 to 5 px", "6 to 7 px", "6 to 7 px")
    ]
    assert set(in_quarters(np.ones(5), "{:.0f}")) == {"1"}
    assert len(set(in_quarters(np.linspace(0, 1e-6, 100), "{:.2f}"))) == 4


def test_images_have_class_size_brightness_and_what_is_drawn_in_common() -> None:
    images = np.zeros((8, 4, 4, 1), np.uint8)
    images[4:, 1:3, 1:3] = 250
    data = ImageDataset(images, np.arange(8) % 2, ("a", "b"), sizes=np.array([[10, 20]] * 4 + [[30, 5]] * 4))
    common = what_is_common(data, {"scanner": ["x", ""] * 4, "age": [str(age) for age in range(8)]})
    assert common["class"] == ["a", "b"] * 4
    assert common["size"] == ["20 pixels"] * 4 + ["30 pixels"] * 4
    assert common["brightness"] == ["0.00"] * 4 + ["0.25"] * 4
    assert common["amount drawn"] == ["0.0%"] * 4 + ["25.0%"] * 4
    assert common["scanner"] == ["x", "(empty)"] * 4
    assert common["age"] == [str(age) for age in range(8)]  # few numbers are names


def test_a_column_of_many_values_is_no_thousand_slices() -> None:
    data = ImageDataset(np.zeros((300, 2, 2, 1), np.uint8), np.zeros(300, np.int64), ("a", "b"))
    texts = {"file": [f"file {number}" for number in range(300)], "age": [str(number / 7) for number in range(300)]}
    common = what_is_common(data, texts)
    assert len(set(common["file"])) == 51
    assert common["file"].count("(others)") == 250
    assert len(set(common["age"])) == 4
