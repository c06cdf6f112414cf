import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.splits import absent_note, hold_out, part
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


def test_a_class_that_cannot_stand_on_both_sides_is_kept_and_named() -> None:
    images = dataset([0] * 40 + [1] + [2] * 3, [*range(41), 50, 50, 50])
    kept, held_out = hold_out(images, 0.1, 0)
    assert {40, 41, 42, 43} <= set(kept)
    assert absent_note("test", images.labels, held_out, images.class_names) == [
        "the test split has no image of b (1 image), c (3 images): too few to share out, or equal, or of one group."
    ]
    assert absent_note("test", images.labels, np.arange(44), images.class_names) == []


def test_images_none_of_which_can_be_held_out_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        hold_out(dataset([0, 1, 1], [1, 2, 2]), 0.1, 0)
    message = "A split needs a class that has different images, or groups, for both sides; received a (1 image), "
    assert str(caught.value) == f"{message}b (2 images). Add images, or hold out nothing (--no-validation, --no-test)."


def test_shares_that_leave_no_class_empty_are_as_they_always_were() -> None:
    images = dataset([number % 3 for number in range(90)])
    before = [6, 8, 14, 22, 37, 45, 53, 58, 59, 69, 70, 86, 88]
    assert hold_out(images, 0.1, seed=3)[1].tolist() == before
    assert hold_out(images, 0.1, seed=3, least_kept=2)[1].tolist() == before


@pytest.mark.parametrize(("classes", "each"), [(300, 4), (50, 3)])
def test_small_classes_stand_in_all_three_splits(classes: int, each: int) -> None:
    labels = np.repeat(np.arange(classes), each)
    names = tuple(map(str, range(classes)))
    for seed in range(10):
        keys = np.random.default_rng(seed).integers(0, 2**63, len(labels)).astype(np.uint64)
        kept, test = part(keys, labels, names, 0.1, 0, least_kept=2)
        train, validation = part(keys[kept], labels[kept], names, 0.1, seed)
        for rows in (test, kept[train], kept[validation]):
            assert len(np.unique(labels[rows])) == classes


@given(data=st.data(), least_kept=st.sampled_from([1, 2]))
def test_groups_stay_whole_and_every_class_can_be_trained_on(data: st.DataObject, least_kept: int) -> None:
    count = data.draw(st.integers(4, 40))
    labels = np.array(data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)))
    keys = np.array(data.draw(st.lists(st.integers(0, 12), min_size=count, max_size=count)), np.uint64)
    try:
        kept, held_out = part(keys, labels, tuple("abcdef"), 0.3, 0, least_kept)
    except DataError:  # no group can be held out without taking a class from training
        return
    assert not set(keys[kept]) & set(keys[held_out])
    assert set(labels[kept]) == set(labels)


def test_a_class_without_images_does_not_hinder() -> None:
    kept, held_out = hold_out(dataset([0] * 20 + [2] * 20), 0.1, 0)
    assert len(kept) + len(held_out) == 40
