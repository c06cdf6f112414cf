import shutil
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.dataset import DataSplits
from pellucid.data.load import load_data
from pellucid.data.mnist import FOLDER, SHA256, load_mnist
from pellucid.errors import DataError


def test_mnist_is_whole(mnist: DataSplits) -> None:
    assert mnist.train.images.shape == (60_000, 28, 28, 1)
    assert mnist.test.images.shape == (10_000, 28, 28, 1)
    assert mnist.train.images.dtype == np.uint8
    # The class counts that its authors publish.
    assert np.bincount(mnist.train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.class_names == tuple("0123456789")
    assert mnist.train.mean_brightness == pytest.approx(0.1307, abs=5e-5)  # the mean that is used the world over


def test_the_test_split_is_not_read_before_it_is_asked_for(tmp_path: Path) -> None:
    for file in FOLDER.glob("train-*.gz"):
        shutil.copy(file, tmp_path)
    splits = load_mnist(tmp_path)
    assert len(splits.train) == 60_000
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte.gz: the file cannot be read"):
        _ = splits.test


def test_files_with_another_content_are_refused(tmp_path: Path) -> None:
    for name in SHA256:
        shutil.copy(FOLDER / f"{name}.gz", tmp_path)
    shutil.copy(FOLDER / "t10k-labels-idx1-ubyte.gz", tmp_path / "train-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match="the sizes must be 60000; received 10000"):
        load_mnist(tmp_path)


def test_unknown_data_sets_are_named() -> None:
    with pytest.raises(DataError, match="Unknown data set 'mnits'. Did you mean mnist?"):
        load_data("mnits")
