"""Corruptions: what each does, by hand, and what all keep to."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.dataset import ImageDataset
from pellucid.judge.corruptions import CORRUPTIONS, Corruption, backgrounds_of, corrupted
from pellucid.spec.augment import AugmentSpec

EACH = pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=list(CORRUPTIONS))


def hashes(images: np.ndarray) -> np.ndarray:
    return ImageDataset(images, np.zeros(len(images), np.int64), ("one",)).image_hashes


def under(name: str, images: np.ndarray, severity: float, seed: int = 0) -> np.ndarray:
    return corrupted(images, hashes(images), CORRUPTIONS[name], severity, seed)


def squares(count: int = 4, side: int = 21, channels: int = 1, ink: int = 255, paper: int = 0) -> np.ndarray:
    images = np.full((count, side, side, channels), paper, np.uint8)
    images[:, 8:13, 8:13] = ink
    images[:, 10, 10, 0] ^= np.arange(count, dtype=np.uint8)  # so that they differ
    return images


def centres(images: np.ndarray) -> np.ndarray:
    weights = images[..., 0].astype(float)
    rows, columns = np.indices(weights.shape[1:])
    total = weights.sum(axis=(1, 2))
    return np.stack([(weights * rows).sum(axis=(1, 2)), (weights * columns).sum(axis=(1, 2))], axis=1) / total[:, None]


@EACH
@pytest.mark.parametrize("shape", [(5, 7, 1), (12, 9, 3), (1, 1, 1)])
def test_any_shape_is_taken_and_the_images_stay_as_they_are(corruption: Corruption, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8)
    before = images.copy()
    for severity in corruption.severities:
        changed = corrupted(images, hashes(images), corruption, severity)
        assert (changed.dtype, changed.shape) == (np.uint8, images.shape)
    assert (images == before).all()
    assert list(corruption.severities) == sorted(set(corruption.severities))


@EACH
def test_it_follows_from_the_seed_and_the_image_alone(corruption: Corruption) -> None:
    images = np.random.default_rng(1).integers(0, 256, (6, 14, 14, 1), dtype=np.uint8)
    strongest = corruption.severities[-1]
    changed = corrupted(images, hashes(images), corruption, strongest)
    assert (changed != images).any(axis=(1, 2, 3)).all()
    turned = images[::-1]
    assert (corrupted(turned, hashes(turned), corruption, strongest) == changed[::-1]).all()
    drawn = {"shift", "rotation", "scale", "shear", "noise", "impulse noise", "brightness", "occlusion"}
    other = corrupted(images, hashes(images), corruption, strongest, seed=1)
    assert (other != changed).any() == (corruption.name in drawn)


def test_a_shift_is_as_far_as_it_says_and_in_all_directions() -> None:
    images = squares(count=40)
    moved = centres(under("shift", images, 10)) - centres(images)
    assert np.hypot(*moved.T) == pytest.approx(np.full(40, 2.1), abs=0.05)
    assert {(down > 0, across > 0) for down, across in moved} == {(a, b) for a in (True, False) for b in (True, False)}


def test_a_quarter_turn_is_exact_to_either_side() -> None:
    images = np.random.default_rng(2).integers(0, 256, (12, 9, 9, 2), dtype=np.uint8)
    turned = under("rotation", images, 90)
    sides = [[bool((turned[n] == np.rot90(images[n], sign)).all()) for sign in (1, -1)] for n in range(len(images))]
    assert all(sum(side) == 1 for side in sides)
    assert {tuple(side) for side in sides} == {(True, False), (False, True)}


def test_scale_and_shear_by_hand() -> None:
    images = squares(count=20)
    heights = (under("scale", images, 40)[:, :, 10, 0] > 100).sum(axis=1)
    assert set(heights.tolist()) == {3, 7}  # 0.6 and 1.4 times five pixels
    leant = under("shear", images, 45)[..., 0] > 127
    tops, bottoms = leant[:, 9].argmax(axis=1), leant[:, 11].argmax(axis=1)
    assert set(np.abs(tops - bottoms)) == {2}  # two rows apart, at 45 degrees


def test_what_comes_in_from_beyond_is_the_background() -> None:
    paper = squares(ink=10, paper=240)
    for name in ("shift", "rotation", "scale", "shear"):
        assert under(name, paper, CORRUPTIONS[name].severities[-1])[:, [0, -1]].min() == 240
    assert backgrounds_of(np.concatenate([paper, 255 - paper], axis=3)).tolist() == [[240, 15]] * 4


@pytest.mark.parametrize("channels", [1, 3])
def test_strokes_grow_and_shrink_whichever_way_they_are_drawn(channels: int) -> None:
    bright = squares(count=1, side=20, channels=channels)
    grown, shrunk = under("thicker strokes", bright, 5), under("thinner strokes", bright, 5)
    # Five percent of 20 pixels is one: every edge moves by one, and corners are round.
    assert (grown[0, 10, :, 0] > 127).sum() == 7
    assert (shrunk[0, 10, :, 0] > 127).sum() == 3
    assert (under("thicker strokes", 255 - bright, 5) == 255 - grown).all()
    assert (under("thinner strokes", 255 - bright, 5) == 255 - shrunk).all()
    wide = (under("thicker strokes", bright, 15)[0, 10, :, 0] > 127).sum()
    assert wide == 11  # three steps, and nothing hollow


def test_values_change_as_far_as_they_say() -> None:
    grey = np.full((4, 40, 40, 1), 100, np.uint8)
    grey[:, 0, 0, 0] = np.arange(4)
    assert (under("noise", grey, 10).astype(float) - grey).std() == pytest.approx(25.5, abs=0.7)
    struck = under("impulse noise", grey, 20)
    assert (struck == 0).mean() == pytest.approx(0.1, abs=0.015)
    assert (struck == 255).mean() == pytest.approx(0.1, abs=0.015)
    assert set(np.unique(under("brightness", grey, 20)[:, 5:])) <= {49, 151}
    two = np.array([0, 200] * 8, np.uint8).reshape(1, 4, 4, 1)
    assert np.unique(under("contrast", two, 60)).tolist() == [60, 140]
    assert (under("inversion", two, 100) == 255 - two).all()
    assert under("blur", two, 10).std() < two.std()


def test_occlusion_covers_its_share_with_the_background() -> None:
    images = np.full((5, 20, 20, 3), 200, np.uint8)
    images[:, 1:-1, 1:-1] = 50
    images[:, 5, 5, 0] = np.arange(5)
    covered = (under("occlusion", images, 25) != images).any(axis=3).sum(axis=(1, 2))
    assert all(64 <= count <= 100 for count in covered)  # 10x10, less what was border already


def test_what_training_did_itself_is_known() -> None:
    spec = AugmentSpec(shift=0.1, rotation=15, erasing=0.5, erasing_area=(0.1, 0.2), noise=0.05)
    reached = {name: one.trained_to(spec) for name, one in CORRUPTIONS.items() if one.trained_to(spec)}
    assert reached == pytest.approx({"shift": 10, "rotation": 15, "occlusion": 20, "noise": 5})
    assert not any(one.trained_to(AugmentSpec()) for one in CORRUPTIONS.values())
