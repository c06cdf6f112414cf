"""Data looked through, told about and cleaned from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.cli import reading
from pellucid.cli.reading import near_notes_of, notes_of
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.load import load_data
from pellucid.spec.reading import ReadSpec

Command = Callable[..., Any]
NAMES = ("cat", "dog")


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 1), dtype=np.uint8)


def split(images: np.ndarray, name: str) -> ImageDataset:
    labels = np.arange(len(images)) % 2
    return ImageDataset(images, labels, NAMES, tuple(f"{name}/{row}.png" for row in range(len(images))))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six images of each of two classes, of which one stands there twice and one is damaged."""
    images = noise(12, 0)
    images[5] = images[3]
    for row, image in enumerate(images):
        path = tmp_path / "photos" / NAMES[row % 2] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    (tmp_path / "photos/cat/bad.png").write_text("x")
    return tmp_path / "photos"


def test_a_leak_is_named_by_an_image_of_each_split() -> None:
    train, test = noise(6, 0), noise(3, 1)
    train[3], test[1] = train[0], train[0]  # under two labels, so that two training images come first
    (note,) = notes_of(DataSplits("pets", split(train, "train"), split(test, "test"), location="/my pets"))
    told = "pets: 1 image stands in both the training and the test split: train 0, train/0.png and test 1, test/1.png."
    assert note == f"{told} The test accuracy will flatter. See: pellucid data audit '/my pets'"


def test_near_duplicates_across_the_splits_are_told() -> None:
    train, test = noise(6, 0), noise(3, 1)
    test[2] = train[4] ^ 1
    splits = DataSplits("pets", split(train, "train"), split(test, "test"))
    (note,) = near_notes_of(splits)
    told = "pets: 1 group of images that look alike stands in both the training and the test split"
    assert note.startswith(f"{told}: train 4, train/4.png and test 2, test/2.png. The test accuracy will flatter.")
    assert near_notes_of(DataSplits("pets", splits.train, None)) == []
    assert near_notes_of(DataSplits("pets", splits.train, split(noise(3, 1), "test"))) == []


def test_where_near_duplicates_are_not_sought_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_COMPARED", 8)
    parts = split(noise(6, 0), "train"), split(noise(3, 1), "test")
    (note,) = near_notes_of(DataSplits("pets", *parts, reading=ReadSpec()))
    rule = "images of the test split that look like training images are sought among at most 8 images"
    assert note == f"pets: {rule}; these are 9. To seek them: pellucid data audit pets"
    assert near_notes_of(DataSplits("mnist", *parts)) == [], "a data set that others have looked through"


def test_a_held_out_test_split_is_looked_through(pellucid: Command, photos: Path) -> None:
    for row in range(12):  # a copy of each, changed a little: some are parted
        path = photos / NAMES[row % 2] / f"{row}.png"
        Image.fromarray(np.asarray(Image.open(path)) ^ 1).save(path.with_name(f"{row}-again.png"))
    (note,) = near_notes_of(load_data(photos, test_split=0.3, max_bad=1.0))
    assert "that look alike stand in both the training and the test split" in note


def test_a_copy_is_written_without_what_was_found(pellucid: Command, photos: Path) -> None:
    status, out, err = pellucid(
        "data", "clean", "photos", "--drop", "duplicates", "--drop", "unreadable", "--out", "new"
    )
    assert status == 0, err
    assert out.splitlines() == [
        "left out 2 images: 1 exact, 1 unreadable",
        f"  train 9, {photos}/dog/5.png: equal to train 8, {photos}/dog/3.png",
        f"  {photos}/cat/bad.png: not an image that can be read",
        "new",
    ]
    assert len(list(photos.rglob("*.png"))) == 13
    found = json.loads(pellucid("data", "audit", "new", "--json").out)
    assert (found["splits"], found["exact"]["groups"], found["rejected"]) == ({"train": 11}, [], [])


def test_a_copy_is_written_without_what_is_listed(pellucid: Command, photos: Path) -> None:
    assert pellucid("data", "audit", "photos").status == 0
    status, out, err = pellucid("data", "clean", "photos", "--drop", "bad_images.csv", "--out", "new", "--json")
    assert status == 0, err
    (left_out,) = json.loads(out)["left_out"]
    assert (left_out["kind"], left_out["source"]) == ("listed", f"{photos}/cat/bad.png")
    assert not Path("new/cat/bad.png").exists()
    assert len(list(Path("new").rglob("*.png"))) == 12


def test_a_wrong_word_or_place_is_said_before_anything_is_written(pellucid: Command, photos: Path) -> None:
    status, _, err = pellucid("data", "clean", "photos", "--drop", "duplicate", "--out", "new")
    assert (status, "Did you mean duplicates?" in err) == (2, True), err
    status, _, err = pellucid("data", "clean", "photos", "--drop", "exact", "--out", "photos")
    assert (status, "photos is there already" in err) == (1, True), err
    assert not Path("new").exists()


def test_an_audit_names_the_command_that_sees_wrong_labels(pellucid: Command, photos: Path) -> None:
    done = pellucid("data", "audit", "photos")
    assert f"pellucid data audit {photos} --labels RUN" in done.err
