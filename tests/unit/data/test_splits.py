import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.splits import hold_out
from pellucid.errors import DataError


def dataset(labels: list[int], names: int) -> ImageDataset:
    return ImageDataset(np.zeros((len(labels), 1, 1, 1), np.uint8), np.array(labels), tuple("abcdefgh"[:names]))


@given(
    sizes=st.lists(st.integers(20, 60), min_size=2, max_size=5),
    share=st.floats(0.1, 0.9),
    seed=st.integers(0, 1000),
)
def test_each_class_gives_its_share(sizes: list[int], share: float, seed: int) -> None:
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    kept, held_out = hold_out(dataset(labels, len(sizes)), share, seed)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert len(held_out) == round(sum(size * share for size in sizes))
    for label, size in enumerate(sizes):
        number = sum(labels[row] == label for row in held_out)
        assert abs(number - size * share) < 1


def test_the_seed_decides_and_the_order_rises(mnist: DataSplits) -> None:
    kept, held_out = hold_out(mnist.train, 0.1, seed=0)
    assert (len(kept), len(held_out)) == (54_000, 6_000)
    assert (np.diff(held_out) > 0).all()
    assert np.array_equal(held_out, hold_out(mnist.train, 0.1, seed=0)[1])
    assert not np.array_equal(held_out, hold_out(mnist.train, 0.1, seed=1)[1])


@pytest.mark.parametrize(("share", "small"), [(0.1, "b (3 images)"), (0.9, "b (3 images)")])
def test_a_class_too_small_for_the_split_is_named(share: float, small: str) -> None:
    with pytest.raises(DataError) as caught:
        hold_out(dataset([0] * 40 + [1] * 3, 2), share, 0)
    expected = (
        f"validation_split must leave each class an image on both sides; received {share}, too small for {small}."
    )
    assert expected in str(caught.value)


def test_a_class_without_images_does_not_hinder() -> None:
    _, held_out = hold_out(dataset([0] * 20 + [2] * 20, 3), 0.1, 0)
    assert len(held_out) == 4
