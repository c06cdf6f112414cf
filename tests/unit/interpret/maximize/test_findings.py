from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import pellucid as pl
from pellucid.interpret.legibility import Reference, legibility, reference_of
from pellucid.interpret.maximize import Maximized, Target
from pellucid.interpret.maximize.findings import Summary, findings_of
from pellucid.trained.sample import Sample

CLASSES = (Target("across", "logits", 0), Target("upright", "logits", 1))


@pytest.fixture(scope="module")
def reference(bars) -> Reference:
    return reference_of(Sample(bars.train, bars.test))


@pytest.fixture
def made(bars) -> Maximized:
    """Two classes, three starts each: training images 0 to 5, of the classes across, upright, aslant in turn."""
    images = bars.train.images[:6].reshape(2, 3, 8, 8, 1).astype(np.float32) / 255
    return Maximized(
        targets=CLASSES,
        images=images,
        activations=np.array([[1, 2, 9], [3, 4, 1]], np.float32),
        history=np.zeros((1, 2, 3), np.float32),
        moved=np.array([[True, True, False], [True, True, True]]),
        frames=np.zeros((0, *images.shape), np.uint8),
        method="raw",
        painter="pixels",
        seed=0,
    )


def test_of_all_starts_that_moved_the_strongest_is_shown(made: Maximized, reference: Reference) -> None:
    findings, summary = findings_of(made, reference)
    assert [finding.start for finding in findings] == [1, 1]
    first = findings[0].row()
    assert first["distance"] == pytest.approx(0, abs=1e-6)
    del first["distance"]
    assert first == {
        "label": "across", "layer": "logits", "index": 0, "place": None, "method": "raw", "dead": False, "start": 1,
        "activation": 2.0, "nearest": "upright", "reading": "upright",
    }  # fmt: skip
    assert findings[0].nearest.within
    assert np.array_equal(findings[0].nearest.image, (made.images[0, 1] * 255).round())
    assert (summary.pictures, summary.share_within, summary.read_right, summary.classes_read_right) == (5, 1, 2, 1)
    assert (summary.median_distance, summary.closest) == pytest.approx((0, 0), abs=1e-6)


def test_what_is_dead_is_not_shown(made: Maximized, reference: Reference) -> None:
    moved = np.array([[False] * 3, [True] * 3])
    findings, summary = findings_of(dataclasses.replace(made, moved=moved), reference)
    assert findings[0].image is None
    assert findings[0].nearest is None
    assert findings[0].row()["dead"]
    assert summary.pictures == 3
    none = dataclasses.replace(made, moved=np.zeros((2, 3), bool))
    assert findings_of(none, reference)[1] == Summary(0)


def test_filters_have_no_class_to_be_read_as(made: Maximized, reference: Reference) -> None:
    filters = (Target("conv2d_1 0", "conv2d_1", 0), CLASSES[1])
    _, summary = findings_of(dataclasses.replace(made, targets=filters), reference)
    assert summary.read_right is None
    assert summary.share_within == 1


def test_without_real_images_nothing_is_measured(made: Maximized) -> None:
    findings, summary = findings_of(made, None)
    assert findings[0].nearest is None
    assert findings[0].row()["distance"] is None
    assert summary == Summary(5)


def test_held_out_images_lie_within_their_own_spread(reference: Reference, bars) -> None:
    judged = legibility(bars.test.images.astype(np.float32) / 255, reference)
    assert judged.within(reference) == pytest.approx(0.95, abs=0.02)
    assert float(np.median(judged.distances)) == pytest.approx(reference.median)
    assert (judged.readings == bars.test.labels).mean() > 0.9


def test_noise_is_far_from_real_images(reference: Reference) -> None:
    noise = (np.random.default_rng(0).random((20, 8, 8, 1)) > 0.5).astype(np.float32)
    assert legibility(noise, reference).within(reference) == 0


def test_few_training_images_are_all_asked(bars) -> None:
    few = pl.ImageDataset(bars.train.images[:3], bars.train.labels[:3], bars.class_names)
    judged = legibility(few.images / np.float32(255), reference_of(Sample(few, few)))
    assert judged.nearest.tolist() == [0, 1, 2]
