"""Data looked through and cleaned from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Command = Callable[..., Any]
NAMES = ("cat", "dog")


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12, 1), dtype=np.uint8)


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
