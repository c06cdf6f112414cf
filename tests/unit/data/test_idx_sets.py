from __future__ import annotations

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.load import load_data
from pellucid.errors import DataError

SEVEN = np.zeros((28, 28), np.uint8)
SEVEN[4, 6:22] = 255  # the bar on top
SEVEN[4:24, 21] = 255  # the stem on the right


def write(folder: Path, name: str, values: np.ndarray, *, packed: bool = True) -> None:
    raw = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}{'.gz' if packed else ''}").write_bytes(gzip.compress(raw, mtime=0) if packed else raw)


def emnist(folder: Path, part: str, labels: list[int], *, packed: bool = True) -> Path:
    for split in ("train", "test"):
        images = np.stack([SEVEN.T] * len(labels))  # column by column, as they are published
        write(folder, f"emnist-{part}-{split}-images-idx3-ubyte", images, packed=packed)
        write(folder, f"emnist-{part}-{split}-labels-idx1-ubyte", np.array(labels), packed=packed)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_emnist_under_its_own_names_stands_upright_and_letters_begin_at_1(tmp_path: Path, packed: bool) -> None:
    splits = load_data(emnist(tmp_path / "gzip", "letters", [1, 2, 26], packed=packed))
    assert splits.name == "emnist-letters"
    assert len(splits.class_names) == 26
    for dataset in (splits.train, splits.test):
        assert [dataset.class_names[label] for label in dataset.labels] == ["a", "b", "z"]
        assert np.array_equal(dataset.images[0, ..., 0], SEVEN)


@pytest.mark.parametrize(
    ("part", "labels", "names"),
    [
        ("digits", [7, 0], "70"),
        ("mnist", [9, 1], "91"),
        ("balanced", [10, 46], "At"),
        ("bymerge", [35, 36], "Za"),
        ("byclass", [10, 36, 61], "Aaz"),
    ],
)
def test_the_classes_of_each_part_are_the_published_ones(
    tmp_path: Path, part: str, labels: list[int], names: str
) -> None:
    train = load_data(emnist(tmp_path, part, labels)).train
    assert "".join(train.class_names[label] for label in train.labels) == names


def test_of_several_parts_in_a_folder_one_is_named(tmp_path: Path) -> None:
    emnist(emnist(tmp_path, "letters", [1, 2]), "digits", [3, 4])
    with pytest.raises(DataError) as caught:
        load_data(tmp_path)
    received = "received emnist-digits-train-images, emnist-letters-train-images. Name one of these files."
    assert str(caught.value) == f"{tmp_path}: it holds several data sets; {received}"
    splits = load_data(tmp_path / "emnist-digits-train-labels-idx1-ubyte.gz")
    assert splits.train.labels.tolist() == [3, 4]
    assert splits.location.endswith("emnist-digits-train-labels-idx1-ubyte.gz")


def test_emnist_in_an_archive_is_read_as_it_is(tmp_path: Path) -> None:
    emnist(tmp_path / "gzip", "letters", [1, 2])
    archive = shutil.make_archive(str(tmp_path / "letters"), "zip", tmp_path, "gzip")
    assert load_data(archive).train.labels.tolist() == [0, 1]


def test_a_label_of_no_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="emnist-letters: labels must be from 1 to 26; received 0 to 2"):
        load_data(emnist(tmp_path, "letters", [0, 2]))


def test_idx_files_of_other_names_are_told_what_to_be_called(tmp_path: Path) -> None:
    write(tmp_path, "digits-idx3-ubyte", np.zeros((1, 2, 2)))
    with pytest.raises(DataError, match="IDX files must be called train-images-idx3-ubyte and train-labels-idx1-ubyte"):
        load_data(tmp_path / "digits-idx3-ubyte.gz")


def test_a_data_set_one_folder_deeper_is_found_and_one_of_two_is_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "MNIST" / "raw"
    write(place, "train-images-idx3-ubyte", np.zeros((2, 3, 3)))
    write(place, "train-labels-idx1-ubyte", np.array([4, 9]))
    assert load_data(tmp_path, test_split=None).class_names == ("4", "9")
    shutil.copytree(place, tmp_path / "KMNIST" / "raw")
    with pytest.raises(DataError, match=r"received KMNIST/raw, MNIST/raw. Name one."):
        load_data(tmp_path)
