import io

import numpy as np
import pytest
from PIL import Image

from pellucid.audit import looks
from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits, ImageDataset


def noise(count: int, shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


def sketches(images: np.ndarray) -> np.ndarray:
    dataset = ImageDataset(np.ascontiguousarray(images), np.zeros(len(images), np.int64), ("a", "b"))
    return looks.sketches(Pool.of(DataSplits("x", dataset, None)), np.arange(len(images)))


def saved(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "jpeg", quality=quality)
    return np.asarray(Image.open(buffer))


def test_thumbnails_are_means_over_equal_areas() -> None:
    images = noise(2, (64, 48, 3))
    thumbnails = looks.thumbnails(images)
    assert thumbnails.shape == (2, 32, 32, 3)
    rows = images[:, 10:12].astype(np.float64).mean(axis=1)  # two rows are one of the thumbnail's
    assert thumbnails[0, 5, 0] == pytest.approx((rows[0, 0] * 2 + rows[0, 1]) / 3, rel=1e-5)  # and 1.5 columns one
    assert np.array_equal(looks.thumbnails(images[:, :32, :20]), images[:, :32, :20].astype(np.float32))
    odd = noise(1, (33, 45, 1))
    assert np.allclose(looks.thumbnails(odd[:, ::-1, ::-1]), looks.thumbnails(odd)[:, ::-1, ::-1], atol=1e-3)


def test_brightness_is_luminance_of_colour_and_else_the_mean() -> None:
    assert looks.brightness(np.full((1, 1, 1, 3), (10, 20, 30), np.uint8))[0, 0, 0] == pytest.approx(18.15)
    assert looks.brightness(np.full((1, 1, 1, 2), (10, 20), np.uint8))[0, 0, 0] == 15


def alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    drawn = sketches(one), sketches(other)
    return looks.alike(one, other, looks.least_agreement(*drawn)) & looks.near(*drawn)


def test_coloured_texture_saved_as_jpeg_looks_alike_though_its_colours_do_not_correlate() -> None:
    images = noise(10, (32, 32, 3)).repeat(2, axis=1).repeat(2, axis=2)
    copies = np.stack([saved(image, 75) for image in images])
    flat = [array.reshape(10, -1).astype(float) for array in (images, copies)]
    assert max(np.corrcoef(one, other)[0, 1] for one, other in zip(*flat, strict=True)) < 0.97
    assert alike(images, copies).all()
    assert not alike(images, np.roll(copies, 1, axis=0)).any()


def test_smooth_images_must_agree_more_unless_their_lowest_frequencies_are_almost_equal() -> None:
    smooth = (np.arange(32, dtype=np.uint8) * 7)[:, None].repeat(32, axis=1)[None, ..., None]
    other = smooth + np.arange(32, dtype=np.uint8)[:, None] // 2  # 0.997 of it in the lowest frequencies
    rough = noise(2, (32, 32, 1))

    def least(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        return looks.least_agreement(sketches(one), sketches(two))

    assert least(smooth, smooth) == pytest.approx(0.97), "almost equal"
    assert least(smooth, other) == pytest.approx(0.992)
    assert least(rough[:1], rough[1:]) == pytest.approx(0.97)
    assert least(rough[:1], smooth) == pytest.approx(0.992)


def test_images_of_one_pattern_in_other_colours_do_not_look_alike() -> None:
    pattern = noise(1, (16, 16, 1)).repeat(3, axis=3)
    red, green = (pattern * np.array(colour, np.uint8) for colour in ((1, 0, 0), (0, 1, 0)))
    assert not alike(red, green).any()
    assert alike(red, red // 2).all()
    assert alike(red, looks.brightness(red)[..., None].repeat(3, axis=3).astype(np.uint8)).all(), "a grey copy"


@pytest.mark.parametrize("side", [16, 40])
def test_all_eight_poses_of_an_image_come_to_one(side: int) -> None:
    image = noise(1, (side, side, 1))[0]
    poses = np.stack([np.rot90(turned, quarters) for turned in (image, image[:, ::-1]) for quarters in range(4)])
    turns = looks.turns(sketches(poses), square=True)
    assert sorted(turns.tolist()) == list(range(8))
    posed = looks.turned(poses, turns)
    assert (posed == posed[0]).all()
    assert np.allclose(looks.turned_sketches(sketches(poses), turns), sketches(posed), atol=1e-4)
