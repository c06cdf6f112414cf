import numpy as np
import pytest
from PIL import Image

from pellucid.audit import crops
from pellucid.audit.crops import cropped_copies
from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits, ImageDataset


def patches(count: int, channels: int = 3) -> np.ndarray:
    """Coloured patches without sharp edges, 48x48."""
    small = np.random.default_rng(0).integers(0, 256, (count, 9, 9, channels), dtype=np.uint8)
    grown = [[Image.fromarray(image[..., c]).resize((48, 48), 3) for c in range(channels)] for image in small]
    return np.stack([np.stack([np.asarray(channel) for channel in image], axis=2) for image in grown])


def cut(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize(image.shape[1::-1], Image.Resampling.BILINEAR, box))


def pool(train: np.ndarray, test: np.ndarray) -> Pool:
    sets = [ImageDataset(images, np.zeros(len(images), np.int64), ("a", "b")) for images in (train, test)]
    return Pool.of(DataSplits("x", sets[0], sets[1]))


@pytest.mark.parametrize("box", [(3, 2, 42, 41), (0, 0, 30, 30), (0, 5, 48, 40), (11, 9, 38, 45)])
def test_a_part_of_an_image_is_found_wherever_it_was_cut_out(box: tuple[int, int, int, int]) -> None:
    images = patches(8)
    found = cropped_copies(pool(images, cut(images[3], box)[None]))
    assert found.note == ""
    assert found.duplicates
    assert [[member.place for member in group.members] for group in found.duplicates.groups] == [["train 3", "test 0"]]


def test_images_that_are_no_parts_of_each_other_are_not_crops() -> None:
    images = patches(12)
    recoloured = cut(images[3][..., ::-1].copy(), (5, 5, 40, 40))
    dimmed = images[4] // 2  # a near duplicate, whole
    found = cropped_copies(pool(images, np.stack([recoloured, dimmed]))).duplicates
    assert found
    assert not found.groups


def test_crops_are_sought_among_few_images_and_that_is_said(monkeypatch) -> None:
    monkeypatch.setattr(crops, "MOST", 5)
    found = cropped_copies(pool(patches(5), patches(6)[5:]))
    assert found.note == "Crops are sought among at most 5 different images; these are 6."
    assert found.duplicates is None


def test_the_windows_of_a_side_end_with_the_whole() -> None:
    spans = crops._spans()
    assert spans[-1] == (0.0, 1.0)
    assert (0.0, 0.5) in spans
    assert max(end for _, end in spans) == pytest.approx(1.0)
    assert len(spans) == 11 + 9 + 7 + 5 + 3 + 1
