import numpy as np
import pytest

from pellucid.data.dataset import DataSplits
from pellucid.data.splits import hold_out
from pellucid.errors import DataError, SettingError
from pellucid.trained.splits import held_out, split_named


def test_every_training_image_is_on_one_side(bars: DataSplits) -> None:
    splits = held_out(bars, 0.1, seed=3)
    assert sorted([*splits["train"].rows, *splits["validation"].rows]) == list(range(240))
    kept, chosen = hold_out(bars.train, 0.1, 3)
    assert np.array_equal(splits["train"].rows, kept)
    assert np.array_equal(splits["validation"].images.images, bars.train.images[chosen])


def test_a_validation_split_of_the_data_is_taken_whole(bars: DataSplits) -> None:
    own = DataSplits("bars", bars.train, None, bars.test)
    for share in (0.1, None):
        splits = held_out(own, share, seed=3)
        assert splits["train"].images is bars.train
        assert splits["validation"].images is bars.test


def test_nothing_is_held_out_on_demand(bars: DataSplits) -> None:
    assert list(held_out(bars, None, seed=0)) == ["train"]
    with pytest.raises(DataError, match="The run held out no validation split"):
        split_named(bars, "validation", None, 0)


def test_splits_have_names(bars: DataSplits) -> None:
    assert split_named(bars, "test", 0.1, 0) is bars.test
    with pytest.raises(SettingError, match="Unknown split 'tset'. Did you mean test?"):
        split_named(bars, "tset", 0.1, 0)
