"""What is told of data before they are trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.load import load_data
from pellucid.sections import data_notes as module
from pellucid.sections.data_notes import data_notes, parted_notes
from pellucid.spec.reading import ReadSpec
from pellucid.trained.splits import held_out

NAMES = ("cat", "dog")


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 1), dtype=np.uint8)


def split(images: np.ndarray, name: str) -> ImageDataset:
    labels = np.arange(len(images)) % 2
    return ImageDataset(images, labels, NAMES, tuple(f"{name}/{row}.png" for row in range(len(images))))


def test_a_leak_is_named_by_an_image_of_each_split() -> None:
    train, test = noise(6, 0), noise(3, 1)
    train[3], test[1] = train[0], train[0]  # under two labels, so that two training images come first
    (note,) = data_notes(DataSplits("pets", split(train, "train"), split(test, "test"), location="/my pets"))
    told = "pets: 1 image stands in both the training and the test split: train 0, train/0.png and test 1, test/1.png."
    assert note == f"{told} The test accuracy will flatter. See: pellucid data audit '/my pets'"


def test_near_duplicates_across_the_splits_are_told() -> None:
    train, test = noise(6, 0), noise(3, 1)
    test[2] = train[4] ^ 1
    splits = DataSplits("pets", split(train, "train"), split(test, "test"))
    (note,) = parted_notes(splits, None, 0)
    told = "pets: 1 group of images that look alike stands in both the training and the test split"
    assert note.startswith(f"{told}: train 4, train/4.png and test 2, test/2.png. The test accuracy will flatter.")
    assert "To keep one of each: pellucid data clean pets --drop duplicates --out FOLDER;" in note
    assert parted_notes(DataSplits("pets", splits.train, None), None, 0) == []
    assert parted_notes(DataSplits("pets", splits.train, split(noise(3, 1), "test")), None, 0) == []


def test_copies_that_are_parted_by_a_held_out_validation_split_are_told() -> None:
    images = noise(40, 0)
    splits = DataSplits("pets", split(np.concatenate([images, images ^ 1]), "train"), None)
    (note,) = parted_notes(splits, 0.25, 0)
    held = held_out(splits, 0.25, 0)["validation"].rows.tolist()
    parted = [row for row in range(40) if (row in held) != (row + 40 in held)]
    first = (parted[0], parted[0] + 40) if parted[0] not in held else (parted[0] + 40, parted[0])
    where = "among both the images that are trained on and those that are held out of them for validation"
    assert note.startswith(f"pets: {len(parted)} groups of images that look alike stand {where}: ")
    assert "train {0}, train/{0}.png and train {1}, train/{1}.png".format(*first) in note
    assert parted_notes(splits, None, 0) == []


def test_a_group_column_keeps_copies_on_one_side() -> None:
    images = noise(40, 0)
    train = split(np.concatenate([images, images ^ 1]), "train")
    grouped = replace(train, groups=tuple(f"cat {row % 40}" for row in range(80)))
    assert parted_notes(DataSplits("pets", grouped, None), 0.25, 0) == []


def test_equal_images_of_different_files_may_be_parted_and_are_told(tmp_path: Path) -> None:
    for row, image in enumerate(noise(24, 0)):
        for name in (f"{row}.png", f"{row}-again.bmp"):
            path = tmp_path / NAMES[row % 2] / name
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(image[..., 0]).save(path)
    (note,) = parted_notes(load_data(tmp_path, test_split=None), 0.3, 0)
    assert "groups of images that are equal stand among both the images that are trained on" in note


def test_near_copies_of_a_validation_split_of_the_data_are_told() -> None:
    train, validation = noise(6, 0), noise(3, 1)
    validation[2] = train[4] ^ 1
    (note,) = parted_notes(DataSplits("pets", split(train, "train"), None, split(validation, "val")), 0.1, 0)
    assert "in both the training and the validation split: train 4, train/4.png and validation 2, val/2.png" in note


def test_where_near_duplicates_are_not_sought_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPARED", 8)
    parts = split(noise(6, 0), "train"), split(noise(3, 1), "test")
    (note,) = parted_notes(DataSplits("pets", *parts, reading=ReadSpec()), None, 0)
    most = "at most 8 images of together 100,000,000 values"
    rule = f"held-out images that look like training images are sought among {most}"
    assert note == f"pets: {rule}; these are 9 of 1,296. To seek them: pellucid data audit pets"
    monkeypatch.setattr(module, "MOST_COMPARED", 9)
    monkeypatch.setattr(module, "MOST_VALUES", 1295)
    assert parted_notes(DataSplits("pets", *parts, reading=ReadSpec()), None, 0) == [
        note.replace("8 images", "9 images").replace("100,000,000", "1,295")
    ]
    assert parted_notes(DataSplits("pets", parts[0], None, reading=ReadSpec()), None, 0) == []
    assert parted_notes(DataSplits("mnist", *parts), None, 0) == [], "a data set that others have looked through"


def test_a_held_out_test_split_is_looked_through(tmp_path: Path) -> None:
    for row, image in enumerate(noise(12, 0)):  # and a copy of each, changed a little: some are parted
        for name, pixels in ((f"{row}.png", image), (f"{row}-again.png", image ^ 1)):
            path = tmp_path / NAMES[row % 2] / name
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels[..., 0]).save(path)
    (note,) = parted_notes(load_data(tmp_path, test_split=0.3), None, 0)
    assert "that look alike stand in both the training and the test split" in note
