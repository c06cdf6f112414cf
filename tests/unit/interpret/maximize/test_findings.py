from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import ImageDataset
from pellucid.interpret.legibility import Reference, legibility, reference_of
from pellucid.interpret.maximize import Maximized, Target
from pellucid.interpret.maximize.bar import Ignorant, bar_of
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
    assert first.pop("distance") == pytest.approx(0, abs=1e-6)
    assert first.pop("class_distance") > 0.2  # it is an image of another class
    assert first == {
        "label": "across", "layer": "logits", "index": 0, "place": None, "method": "raw", "dead": False, "start": 1,
        "activation": 2.0, "nearest": "upright", "reading": "upright",
        "starred": False,
    }  # fmt: skip
    assert not findings[0].nearest.starred  # nothing is without a bar
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


def test_a_star_needs_to_be_nearer_than_pictures_that_know_nothing(made: Maximized, reference: Reference) -> None:
    noise = np.random.default_rng(0).random((50, 8, 8, 1)).astype(np.float32)
    bar = bar_of(Ignorant(noise, np.arange(50) % 3, noise), reference)
    assert bar.limits == pytest.approx([np.percentile(reference.own_distances, 95)] * 3)  # noise is farther
    assert bar.real == pytest.approx(0.95, abs=0.02)
    dead = bar_of(Ignorant(noise[:0], np.arange(0), noise), reference)
    assert (dead.limits == bar.limits).all()  # noise alone serves where nothing could be made
    findings, summary = findings_of(made, reference, bar)
    assert [finding.nearest.starred for finding in findings] == [False, True]  # images of "upright", the second's class
    assert findings[1].row()["class_distance"] == pytest.approx(0, abs=1e-6)
    assert summary.share_starred == 2 / 5


def test_where_real_images_are_no_nearer_than_chance_nothing_is_starred(made: Maximized, reference: Reference) -> None:
    copies = reference.images.astype(np.float32) / 255
    noise = np.random.default_rng(0).random((50, 8, 8, 1)).astype(np.float32)
    bar = bar_of(Ignorant(copies, reference.labels, noise), reference)
    assert bar.limits == pytest.approx(np.zeros(3), abs=1e-6)
    assert not bar.tells
    findings, summary = findings_of(made, reference, bar)
    assert not any(finding.nearest.starred for finding in findings)
    assert summary.share_starred == 0


def test_brightness_and_tint_make_no_two_images_alike() -> None:
    random = np.random.default_rng(0)
    images = 200 + random.integers(-20, 20, (40, 8, 8, 3)) + np.array([30, 0, -60])
    data = ImageDataset(images.astype(np.uint8), np.arange(40) % 2, ("a", "b"))
    reference = reference_of(Sample(data, data))
    others = (200 + random.integers(-20, 20, (5, 8, 8, 3)) + np.array([30, 0, -60])).astype(np.float32) / 255
    assert legibility(others, reference).distances.min() > 0.3
    darker = images[:5].astype(np.float32) / 255 * 0.5
    assert legibility(darker, reference).distances == pytest.approx(np.zeros(5), abs=1e-3)
    assert reference.read_right == 1


def test_pictures_of_one_colour_and_classes_without_images_are_far(bars) -> None:
    few = pl.ImageDataset(bars.train.images[:2], bars.train.labels[:2], bars.class_names)
    judged = legibility(np.full((1, 8, 8, 1), 0.7, np.float32), reference_of(Sample(few, few)))
    assert judged.distances == pytest.approx([1], abs=1e-3)
    assert judged.class_distances[0] == pytest.approx([1, 1, 2], abs=1e-3)


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
