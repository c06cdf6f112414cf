"""What is said of answers under corruptions, by an answer that is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.dataset import ImageDataset
from pellucid.errors import RunError
from pellucid.judge.corruptions import CORRUPTIONS
from pellucid.judge.intervals import wilson_interval
from pellucid.judge.robustness import Robustness, robustness_of, steps, usual_count
from pellucid.spec.augment import AugmentSpec

ABOUT = {"data": "halves", "split": "test", "fingerprint": "f", "precision": "fp32", "available": 40}


def halves() -> ImageDataset:
    """Dark images, and bright ones."""
    labels = np.arange(20) % 2
    images = np.where(labels[:, None, None, None], 200, 40) + np.arange(20)[:, None, None, None]
    return ImageDataset(np.broadcast_to(images, (20, 8, 8, 1)).astype(np.uint8), labels, ("dark", "bright"))


def by_brightness(images: np.ndarray) -> np.ndarray:
    return (images.mean(axis=(1, 2, 3)) > 127).astype(np.int64)


def measured(augmentation: AugmentSpec | None = None) -> Robustness:
    return robustness_of(halves(), by_brightness, augmentation, **ABOUT)


def test_each_corruption_is_judged_at_each_severity() -> None:
    seen: list[str] = []
    found = robustness_of(halves(), by_brightness, None, on_step=seen.append, **ABOUT)
    assert [one.name for one in found.corruptions] == list(CORRUPTIONS)
    assert len(seen) == steps() == sum(len(one.levels) for one in found.corruptions)
    assert (found.accuracy, found.accuracy_interval) == (1.0, wilson_interval(20, 20))
    by_name = {one.name: one for one in found.corruptions}
    assert [level.accuracy for level in by_name["blur"].levels] == [1.0] * 5
    inverted = by_name["inversion"].levels[0]
    assert (inverted.accuracy, inverted.accuracy_interval) == (0.0, wilson_interval(0, 20))
    assert found.mean == pytest.approx(np.mean([one.mean for one in found.corruptions]))
    low, high = found.mean_interval
    assert low < found.mean < high


def test_what_the_training_did_is_marked() -> None:
    found = measured(AugmentSpec(shift=0.12, rotation=15))
    marks = {one.name: [level.trained for level in one.levels] for one in found.corruptions if one.trained_to}
    assert marks == {"shift": [True, True, True, False, False], "rotation": [True, False, False, False, False]}


def test_it_is_read_as_it_was_written() -> None:
    found = measured()
    later = json.loads(found.to_json()) | {"further": 1}
    read = Robustness.from_json(json.dumps(later).encode(), Path("robustness.json"))
    assert read.model_dump() == found.model_dump() | {"further": 1}
    with pytest.raises(RunError, match=r"robustness\.json is not a measurement of robustness of Pellucid's"):
        Robustness.from_json(b'{"data": "x"}', Path("robustness.json"))


def test_large_images_are_fewer_unless_it_is_told() -> None:
    def count(images: int, *shape: int) -> int:
        whole = np.broadcast_to(np.uint8(0), (images, *shape))
        return usual_count(ImageDataset(whole, np.zeros(images, np.int64), ("one",)))

    assert (count(10_000, 28, 28, 1), count(500, 28, 28, 1), count(10_000, 224, 224, 3)) == (2000, 500, 166)


def test_images_that_all_fare_alike_do_not_make_the_mean_certain() -> None:
    sample = halves()
    found = robustness_of(sample, lambda _: sample.labels, None, **ABOUT)  # right, whatever is asked
    assert (found.mean, found.mean_interval) == (1, wilson_interval(20, 20))
