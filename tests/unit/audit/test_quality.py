import numpy as np
from scipy.ndimage import gaussian_filter

from pellucid.audit.findings import Oddities
from pellucid.audit.pool import Pool
from pellucid.audit.quality import oddities, unmeasured
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.spec.reading import ReadSpec


def blocks(count: int = 40) -> np.ndarray:
    """Blocks of 4x4 pixels in colours of their own, 32x32."""
    colours = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return colours.repeat(4, axis=1).repeat(4, axis=2)


def splits(images: np.ndarray, sizes: np.ndarray | None = None) -> DataSplits:
    return DataSplits("x", ImageDataset(images, np.zeros(len(images), np.int64), ("a", "b"), sizes=sizes), None)


def found(images: np.ndarray, sizes: np.ndarray | None = None) -> dict[str, Oddities]:
    return {odd.kind: odd for odd in oddities(Pool.of(splits(images, sizes)))}


def rows(odd: Oddities) -> list[int]:
    return [each.member.index for each in odd.images]


def test_nothing_stands_out_among_images_of_one_kind() -> None:
    odd = found(blocks())
    assert list(odd) == ["empty", "dark", "bright", "blurred"]
    assert not any(each.images for each in odd.values())


def test_each_fault_is_found_and_told_with_its_number() -> None:
    images, random = blocks(), np.random.default_rng(1)
    images[3] = 120  # of one colour, which is listed elsewhere
    images[5] = 120 + random.integers(-1, 2, images[5].shape)
    images[6] = 120 + random.integers(-3, 4, images[6].shape)
    images[7] = 0
    images[7, 4:6, 9] = 255  # a speck
    images[9] = images[9] // 8
    images[11] = 255 - (255 - images[11]) // 8
    images[13] = gaussian_filter(images[13], (3, 3, 0))
    odd = found(images)
    assert {kind: rows(each) for kind, each in odd.items()} == {
        "empty": [7, 5, 6],
        "dark": [9],
        "bright": [11],
        "blurred": [13],
    }
    assert [each.value for each in odd["empty"].images] == [0, 1, 3]
    assert odd["blurred"].limit == round(odd["blurred"].usual * 0.4, 3)
    assert 40 < odd["dark"].limit < odd["dark"].usual / 3
    assert odd["dark"].images[0].value <= 31
    assert odd["dark"].heading.startswith("darker than the others (brightness of the brightest hundredth")


def test_faults_are_measured_by_the_data_sets_own_kind() -> None:
    dark = blocks() // 8
    assert not any(each.images for each in found(dark).values())
    soft = np.stack([gaussian_filter(image, (3, 3, 0)) for image in blocks()])
    assert not found(soft)["blurred"].images


def test_what_is_common_does_not_stand_out() -> None:
    """Patches of photographs: some are of shadow, some of sky, and none is darker or brighter than all others."""
    images = blocks(100)
    images[:15] = images[:15] // 6
    images[15:30] = 255 - (255 - images[15:30]) // 6
    odd = found(images)
    assert not odd["dark"].images
    assert not odd["bright"].images
    images[:12] = blocks(100)[:12]  # three dark ones stay
    assert sorted(rows(found(images)["dark"])) == [12, 13, 14]


def test_shapes_are_told_where_the_files_sizes_are_known() -> None:
    sizes = np.tile([[30, 40], [40, 30]], (20, 1))
    sizes[7], sizes[8] = (30, 90), (120, 30)
    odd = found(blocks(), sizes)["elongated"]
    assert rows(odd) == [8, 7]
    assert [each.value for each in odd.images] == [4.0, 3.0]
    assert odd.rule == "long side over short side: above 2.67, usual 1.33"
    assert not found(blocks(), sizes[:6].repeat(7, axis=0)[:40])["elongated"].images


def test_shapes_that_an_older_cache_does_not_know_are_told() -> None:
    data = splits(blocks())
    assert unmeasured(data) == ""
    data.reading = ReadSpec(image_size=(32, 32), channels=3)
    assert unmeasured(data).startswith("Odd shapes were not sought: an earlier version decoded the images")


def test_an_empty_set_of_single_colours_has_no_measure() -> None:
    flat = np.full((3, 8, 8, 1), 5, np.uint8)
    assert not any(each.images for each in found(flat).values())
