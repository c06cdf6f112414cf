import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.arrays import read_npy_folder, read_npz
from pellucid.data.dataset import DataSplits
from pellucid.data.load import load_data
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec

IMAGES = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = np.array([0, 1, 2, 0, 1, 10])


def saved(folder: Path, **arrays: np.ndarray) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def test_the_usual_keys_give_the_splits(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        x_train=IMAGES,
        y_train=LABELS,
        x_test=IMAGES[:2],
        y_test=LABELS[:2],
        x_val=IMAGES[:1],
        y_val=LABELS[:1],
    )
    splits = load_data(path)
    assert splits.name == "data"
    assert splits.class_names == ("0", "1", "2", "10")
    assert splits.train.labels.tolist() == [0, 1, 2, 0, 1, 3]
    assert splits.train.input_shape == (4, 5, 1)
    assert (len(splits.test), splits.validation and len(splits.validation)) == (2, 1)
    assert splits.train.sources is not None
    assert splits.train.sources[5].endswith("data.npz, train image 5")


def test_images_and_labels_alone_and_labels_as_texts(tmp_path: Path) -> None:
    splits = read_npz(saved(tmp_path, images=IMAGES, labels=np.array(["b", "a", "b", "a", "b", "a"])))
    assert splits.class_names == ("a", "b")
    assert splits.train.images.dtype == np.uint8


def test_arrays_without_a_test_split_get_one_and_it_is_said(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (200, 3, 3), dtype=np.uint8)
    path = saved(tmp_path, images=images, labels=np.arange(200)[:, None] % 2)  # a column, as MedMNIST has it
    splits = load_data(path)
    assert len(splits.train) + len(splits.test) == 200
    assert "there is no test split; 10% of the images are held out" in splits.notes[0]
    assert not load_data(path, test_split=None).has_test


def test_a_folder_of_single_arrays_is_read(tmp_path: Path) -> None:
    for name, array in (("x_train", IMAGES), ("y_train", LABELS), ("x_test", IMAGES[:2]), ("y_test", LABELS[:2])):
        np.save(tmp_path / f"{name}.npy", array)
    splits = load_data(tmp_path)
    assert (len(splits.train), len(splits.test), splits.name) == (6, 2, tmp_path.name)
    (tmp_path / "x_test.npy").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"x_test.npy: the array cannot be read"):
        load_data(tmp_path)


def test_truth_values_are_black_and_white(tmp_path: Path) -> None:
    splits = read_npz(saved(tmp_path, images=IMAGES > 50, labels=LABELS))
    assert set(splits.train.images.flat) == {0, 255}


def test_channels_first_and_whole_floats_are_understood(tmp_path: Path) -> None:
    colour = np.arange(6 * 3 * 4 * 5).reshape(6, 3, 4, 5) % 256
    splits = read_npz(saved(tmp_path, images=colour.astype(np.float32), labels=LABELS))
    assert splits.train.input_shape == (4, 5, 3)
    assert splits.train.images[0, 1, 2, 0] == colour[0, 0, 1, 2]


def test_fractions_have_a_range_of_their_own(tmp_path: Path) -> None:
    def read(images: np.ndarray, **others: np.ndarray) -> DataSplits:
        return load_data(saved(tmp_path, x_train=images, y_train=LABELS, **others), test_split=None)

    whole = read(IMAGES)
    splits = read(IMAGES / 255, x_test=(IMAGES > 60).astype(np.float32), y_test=LABELS)
    assert splits.train.fingerprint == whole.train.fingerprint
    assert splits.reading is not None
    assert splits.reading.value_range == "fractions"
    assert set(splits.test.images.flat) == {0, 255}, "whole numbers 0 and 1 among fractions are black and white"
    assert splits.reading.replace(value_range="auto") == ReadSpec(test_split=None)
    faint = read(IMAGES / 25500)
    assert faint.reading is not None
    assert faint.reading.value_range == (0, (IMAGES / 25500).max())
    assert any("go from 0 to 0.004666666667, where 1 would be white" in note for note in faint.notes)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"images": IMAGES / 255 - 0.5, "labels": LABELS},
            "images must be whole numbers from 0 to 255, or fractions from 0 to 1; received float64 from -0.5 to",
        ),
        ({"images": IMAGES[0], "labels": LABELS}, "images must be [count, height, width]"),
        ({"images": IMAGES, "labels": LABELS / 2}, "labels must be whole numbers or texts"),
        ({"images": IMAGES, "labels": LABELS[:5]}, "labels must be int64, one for each image"),
        ({"pictures": IMAGES}, "it must hold x_train and y_train"),
        (
            {"images": np.array([object()]), "labels": LABELS},
            "the arrays cannot be read (it holds Python objects, which could run code; save the arrays as numbers)",
        ),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_npz(saved(tmp_path, **arrays))
    assert message in str(caught.value)


def test_a_single_array_has_no_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", IMAGES)
    with pytest.raises(DataError, match=r"a .npy file holds no labels"):
        load_data(tmp_path / "x.npy")


def everything(splits: DataSplits) -> list[tuple]:
    """All that was read, to the bit."""
    parts = [splits.train, splits.validation, splits.test if splits.has_test else None]
    read = [
        (part.images.shape, part.images.tobytes(), part.labels.tobytes(), part.sources, part.groups)
        for part in parts
        if part
    ]
    return [(splits.name, splits.class_names, splits.rejected, splits.notes, splits.location), *read]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_with_any_byte_flipped_an_archive_is_refused_or_read_as_it_was(tmp_path: Path, save: Callable) -> None:
    path = tmp_path / "x.npz"
    images = np.random.default_rng(0).integers(0, 255, (6, 7, 8), np.uint8)
    save(path, x_train=images, y_train=LABELS, x_test=images[:2], y_test=LABELS[:2])
    whole, original = path.read_bytes(), everything(read_npz(path))
    directory = whole.index(b"PK\x01\x02")
    refused = unnoticed = 0
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (0xFF if place % 2 else 1)]) + whole[place + 1 :])
        try:
            read = everything(read_npz(path))
        except DataError as error:
            assert str(path) in str(error)
            refused += 1
        else:
            # A zip's list of entries has no checksum: where a length or a name in it is changed, entries may be lost
            # from the end, and with them the test split. What is left is as it was.
            lost = place > directory and read == original[:-1]
            assert lost or read == original, f"byte {place}"
            unnoticed += 1  # times, versions and others that say nothing of the arrays
    assert refused > unnoticed > 0


def test_a_flipped_byte_in_the_values_of_an_npy_file_cannot_be_noticed(tmp_path: Path) -> None:
    # The format has no checksum: it is the header alone that is looked at.
    np.save(tmp_path / "x_train.npy", IMAGES)
    np.save(tmp_path / "y_train.npy", LABELS)
    path = tmp_path / "x_train.npy"
    whole, values = path.read_bytes(), path.stat().st_size - IMAGES.nbytes
    original = read_npy_folder(tmp_path).train
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            read = read_npy_folder(tmp_path).train
        except DataError as error:
            assert str(tmp_path) in str(error)
            assert place < values
        else:
            (changed,) = np.nonzero(read.images.ravel() != original.images.ravel()) if place >= values else ([],)
            assert list(changed) == ([place - values] if place >= values else [])
            assert read.labels.tolist() == original.labels.tolist()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"junk"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"x.npz: the arrays cannot be read"):
        load_data(tmp_path / "x.npz")


def test_a_folder_of_idx_files_is_read(tmp_path: Path) -> None:
    def idx(values: np.ndarray) -> bytes:
        return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()

    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES)))
    with pytest.raises(DataError, match="train-images and train-labels must both be there"):
        load_data(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    splits = load_data(tmp_path / "train-labels-idx1-ubyte", test_split=None)
    assert splits.train.input_shape == (4, 5, 1)
    assert splits.class_names == ("0", "1", "2", "10")
    assert not splits.has_test
