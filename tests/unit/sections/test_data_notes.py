"""What is told of data before they are trained on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.load import load_data
from pellucid.sections import data_notes as module
from pellucid.sections.data_notes import data_notes, near_notes
from pellucid.spec.reading import ReadSpec

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
    (note,) = near_notes(splits)
    told = "pets: 1 group of images that look alike stands in both the training and the test split"
    assert note.startswith(f"{told}: train 4, train/4.png and test 2, test/2.png. The test accuracy will flatter.")
    assert near_notes(DataSplits("pets", splits.train, None)) == []
    assert near_notes(DataSplits("pets", splits.train, split(noise(3, 1), "test"))) == []


def test_where_near_duplicates_are_not_sought_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPARED", 8)
    parts = split(noise(6, 0), "train"), split(noise(3, 1), "test")
    (note,) = near_notes(DataSplits("pets", *parts, reading=ReadSpec()))
    rule = "images of the test split that look like training images are sought among at most 8 images"
    assert note == f"pets: {rule}; these are 9. To seek them: pellucid data audit pets"
    assert near_notes(DataSplits("mnist", *parts)) == [], "a data set that others have looked through"


def test_a_held_out_test_split_is_looked_through(tmp_path: Path) -> None:
    for row, image in enumerate(noise(12, 0)):  # and a copy of each, changed a little: some are parted
        for name, pixels in ((f"{row}.png", image), (f"{row}-again.png", image ^ 1)):
            path = tmp_path / NAMES[row % 2] / name
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels[..., 0]).save(path)
    (note,) = near_notes(load_data(tmp_path, test_split=0.3))
    assert "that look alike stand in both the training and the test split" in note
