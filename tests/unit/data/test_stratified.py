import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.stratified import assign_folds, stratified_sample
from pellucid.errors import DataError, SettingError


def dataset(labels: list[int], numbers: list[int] | None = None, groups: tuple[str, ...] | None = None) -> ImageDataset:
    """Images that are told apart by a number in their pixels."""
    values = np.array(range(len(labels)) if numbers is None else numbers, np.uint32)
    images = values.view(np.uint8).reshape(-1, 2, 2, 1)
    return ImageDataset(images, np.array(labels, np.int64), tuple("abcdefgh"[: max(labels) + 1]), groups=groups)


def counts(data: ImageDataset, folds: np.ndarray, k: int) -> np.ndarray:
    """Images of each class (row) in each fold (column)."""
    return np.array([np.bincount(folds[data.labels == label], minlength=k) for label in range(len(data.class_names))])


def test_two_folds_of_two_pairs_worked_out_by_hand() -> None:
    data = dataset([0, 0, 1, 1])
    folds = assign_folds(data, 2, seed=0)
    # The second image of each class must go where its first one is not.
    assert folds[0] != folds[1]
    assert folds[2] != folds[3]
    assert folds.dtype == np.int64


def test_the_largest_group_is_dealt_first_and_the_others_level_it() -> None:
    # Groups of 3, 2 and 1 of one class: 3 against 2 + 1. Dealt in the order of the images it could be 1 + 3 against 2.
    folds = assign_folds(dataset([0] * 6, groups=("x", "y", "y", "z", "z", "z")), 2, seed=0)
    assert folds.tolist() == [1, 1, 1, 0, 0, 0]


def test_a_group_goes_where_its_rare_class_is_missing() -> None:
    # Six a go to fold 0, three a and one b to fold 1. Then come one a and one b: fold 1 has fewer images, but fold 0
    # lacks b; of 10 a and 2 b, squared shares count 6 / 10^2 there against 3 / 10^2 + 1 / 2^2.
    labels = [0] * 6 + [0, 0, 0, 1] + [0, 1]
    folds = assign_folds(dataset(labels, groups=tuple("x" * 6 + "y" * 4 + "z" * 2)), 2, seed=0)
    assert folds.tolist() == [0] * 6 + [1] * 4 + [0] * 2


@given(sizes=st.lists(st.integers(5, 30), min_size=2, max_size=6), k=st.integers(2, 5), seed=st.integers(0, 99))
def test_folds_differ_by_at_most_one_image_of_a_class(sizes: list[int], k: int, seed: int) -> None:
    data = dataset([label for label, size in enumerate(sizes) for _ in range(size)])
    table = counts(data, assign_folds(data, k, seed), k)
    assert table.sum() == len(data)
    assert (table.max(axis=1) - table.min(axis=1) <= 1).all()


@given(labels=st.lists(st.integers(0, 1), min_size=60, max_size=60), k=st.integers(2, 4), seed=st.integers(0, 99))
def test_groups_and_equal_images_are_never_parted(labels: list[int], k: int, seed: int) -> None:
    threes = [number // 3 for number in range(60)]
    labels[:12] = [0, 1] * 6  # each class in four units at least
    for data in (dataset(labels, threes), dataset(labels, groups=tuple(map(str, threes)))):
        folds = assign_folds(data, k, seed).reshape(20, 3)
        assert (folds == folds[:, :1]).all()
        assert set(folds.flat) == set(range(k))


@given(order=st.permutations(range(24)), seed=st.integers(0, 9))
def test_the_order_of_the_images_does_not_matter(order: list[int], seed: int) -> None:
    data = dataset([number % 3 for number in range(24)])
    assert np.array_equal(assign_folds(data.subset(np.array(order)), 4, seed), assign_folds(data, 4, seed)[order])


def test_the_seed_decides() -> None:
    data = dataset([number % 3 for number in range(90)])
    first = assign_folds(data, 3, seed=0)
    assert np.array_equal(first, assign_folds(data, 3, seed=0))
    assert not np.array_equal(first, assign_folds(data, 3, seed=1))


def test_mnist_is_dealt_out_evenly(mnist: DataSplits) -> None:
    table = counts(mnist.train, assign_folds(mnist.train, 5, seed=0), 5)
    assert (table.max(axis=1) - table.min(axis=1)).max() <= 1
    assert np.ptp(table.sum(axis=0)) <= 5


def test_a_class_without_images_does_not_hinder() -> None:
    assert set(assign_folds(dataset([0, 0, 2, 2]), 2, seed=0)) == {0, 1}


def test_what_cannot_be_dealt_out_is_said() -> None:
    with pytest.raises(SettingError, match=r"^k must be at least 2 folds; received 1\. 5 or 10 are usual\.$"):
        assign_folds(dataset([0, 1]), 1, seed=0)
    rule = r"^Each of 4 folds must have an image, or group, of its own; received 3 different ones\. Add images, or"
    with pytest.raises(DataError, match=rule):
        assign_folds(dataset([0, 0, 1, 1], [1, 2, 3, 3]), 4, seed=0)
    rule = r"for at least 2 folds; received too few in b \(1 images\), c \(2 images\)\. Add images of it, or leave"
    with pytest.raises(DataError, match=rule):
        assign_folds(dataset([0] * 5 + [1, 2, 2], [0, 1, 2, 3, 4, 5, 6, 6]), 2, seed=0)


def test_a_sample_has_the_same_share_of_each_class() -> None:
    labels = np.repeat(np.arange(3), (600, 300, 100))
    rows = stratified_sample(labels, 50, seed=0)
    assert np.bincount(labels[rows]).tolist() == [30, 15, 5]
    assert (np.diff(rows) > 0).all()
    assert (stratified_sample(labels, 50, seed=0) == rows).all()
    assert (stratified_sample(labels, 50, seed=1) != rows).any()
    assert stratified_sample(labels, 1000, seed=0).tolist() == list(range(1000))
    assert len(stratified_sample(labels, 1, seed=0)) == 1
