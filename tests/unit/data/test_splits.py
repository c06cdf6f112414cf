import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.splits import hold_out
from pellucid.errors import DataError


def dataset(labels: list[int], numbers: list[int] | None = None, groups: tuple[str, ...] | None = None) -> ImageDataset:
    """Images that are told apart by a number in their pixels."""
    values = np.array(range(len(labels)) if numbers is None else numbers, np.uint32)
    images = values.view(np.uint8).reshape(-1, 2, 2, 1)
    names = tuple("abcdefgh"[: max(labels) + 1])
    return ImageDataset(images, np.array(labels, np.int64), names, groups=groups)


def test_mnist_gives_a_tenth_of_each_class(mnist: DataSplits) -> None:
    kept, held_out = hold_out(mnist.train, 0.1, seed=0)
    assert sorted([*kept, *held_out]) == list(range(60_000))
    shares = np.bincount(mnist.train.labels[held_out]) / np.bincount(mnist.train.labels)
    # Four standard deviations of a binomial share of 0.1 among 5,400 images.
    assert np.abs(shares - 0.1).max() < 4 * (0.1 * 0.9 / 5400) ** 0.5
    assert (np.diff(held_out) > 0).all()


@given(before=st.integers(4, 240), added=st.integers(0, 240), share=st.floats(0.2, 0.8), seed=st.integers(0, 99))
def test_added_images_move_no_others(before: int, added: int, share: float, seed: int) -> None:
    labels = [number % 2 for number in range(before + added)]
    alone = hold_out(dataset(labels[:before], [*range(before)]), share, seed)[1]
    together = hold_out(dataset(labels, [*range(before + added)]), share, seed)[1]
    # Where chance left a class on one side, its nearest image was moved by rule, and may move back.
    moved = set(alone) ^ {row for row in together if row < before}
    assert len(moved) <= 2


def test_added_images_move_none_of_mnist(mnist: DataSplits) -> None:
    part = ImageDataset(mnist.train.images[:20_000], mnist.train.labels[:20_000], mnist.class_names)
    whole = hold_out(mnist.train, 0.1, seed=3)[1]
    assert np.array_equal(hold_out(part, 0.1, seed=3)[1], whole[whole < 20_000])


def test_the_seed_and_the_purpose_decide(mnist: DataSplits) -> None:
    first = hold_out(mnist.train, 0.1, seed=0)[1]
    assert np.array_equal(first, hold_out(mnist.train, 0.1, seed=0)[1])
    for other in (hold_out(mnist.train, 0.1, seed=1)[1], hold_out(mnist.train, 0.1, seed=0, purpose="test")[1]):
        assert len(np.intersect1d(first, other)) == pytest.approx(600, abs=100)  # no more than chance


@given(share=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_equal_images_and_groups_stay_on_one_side(share: float, seed: int) -> None:
    labels = [number % 2 for number in range(120)]
    twins = dataset(labels, [number // 4 for number in range(120)])
    _, held_out = hold_out(twins, share, seed)
    assert all(len({row in held_out for row in range(start, start + 4)}) == 1 for start in range(0, 120, 4))
    writers = dataset(labels, groups=tuple(str(number // 6) for number in range(120)))
    _, held_out = hold_out(writers, share, seed)
    assert all(len({row in held_out for row in range(start, start + 6)}) == 1 for start in range(0, 120, 6))


@given(sizes=st.lists(st.integers(2, 9), min_size=2, max_size=5), seed=st.integers(0, 99))
def test_small_classes_stand_on_both_sides_all_the_same(sizes: list[int], seed: int) -> None:
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    kept, held_out = hold_out(dataset(labels), 0.1, seed)
    assert {labels[row] for row in kept} == {labels[row] for row in held_out} == set(range(len(sizes)))


def test_a_class_that_cannot_stand_on_both_sides_is_named() -> None:
    with pytest.raises(DataError) as caught:
        hold_out(dataset([0] * 40 + [1] + [2] * 3, [*range(41), 50, 50, 50]), 0.1, 0)
    message = "Each class must have different images, or groups, for both sides of a split; received too few in "
    assert (
        str(caught.value)
        == f"{message}b (1 images), c (3 images). Add images, or hold out nothing (--no-validation, --no-test)."
    )


def test_a_class_without_images_does_not_hinder() -> None:
    kept, held_out = hold_out(dataset([0] * 20 + [2] * 20), 0.1, 0)
    assert len(kept) + len(held_out) == 40
