import numpy as np
import pytest

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import DataError

IMAGES = np.zeros((2, 3, 4, 1), np.uint8)
LABELS = np.array([0, 1])


def test_a_data_set_knows_its_shape_and_length() -> None:
    dataset = ImageDataset(IMAGES, LABELS, ("a", "b"))
    assert dataset.input_shape == (3, 4, 1)
    assert len(dataset) == 2


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0]), "labels must be int64, one for each image; received int64 [1] for 2 images"),
        (np.array([0, 2]), "labels must be from 0 to 1, the classes; received 0 to 2"),
        (np.array([-1, 0]), "labels must be from 0 to 1, the classes; received -1 to 0"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray, message: str) -> None:
    with pytest.raises(DataError) as caught:
        ImageDataset(IMAGES, labels, ("a", "b"))
    assert message in str(caught.value)


@pytest.mark.parametrize("images", [IMAGES.astype(np.float32), IMAGES[..., 0]])
def test_images_of_another_type_or_without_channels_are_refused(images: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"images must be uint8 \[count, height, width, channels\]; received"):
        ImageDataset(images, LABELS, ("a", "b"))


@pytest.mark.parametrize(("images", "labels"), [(IMAGES[:0], LABELS[:0]), (IMAGES[:, :0], LABELS)])
def test_an_empty_data_set_is_refused(images: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DataError, match="at least one image"):
        ImageDataset(images, labels, ("a", "b"))


def test_class_names_must_differ() -> None:
    with pytest.raises(DataError, match="class_names must differ; received a, a"):
        ImageDataset(IMAGES, LABELS, ("a", "a"))


def test_the_fingerprint_sees_every_change() -> None:
    def fingerprint(images=IMAGES, labels=LABELS, names=("a", "b")) -> str:
        return ImageDataset(images, labels, names).fingerprint

    other = IMAGES.copy()
    other[1, 2, 3, 0] = 1
    changed = [fingerprint(images=other), fingerprint(labels=LABELS[::-1]), fingerprint(names=("a", "c"))]
    changed.append(fingerprint(images=IMAGES.reshape(2, 4, 3, 1)))
    assert len({fingerprint(), *changed}) == 5
    assert fingerprint() == fingerprint(images=IMAGES.copy())


def test_splits_must_fit_each_other() -> None:
    train = ImageDataset(IMAGES, LABELS, ("a", "b"))
    assert not DataSplits("x", train, None).has_test
    with pytest.raises(DataError, match="x has no test split"):
        _ = DataSplits("x", train, None).test
    for other in (ImageDataset(IMAGES, LABELS, ("a", "c")), ImageDataset(IMAGES[:, :2], LABELS, ("a", "b"))):
        with pytest.raises(DataError, match="the image shape and the classes of the training split"):
            _ = DataSplits("x", train, other).test
        with pytest.raises(DataError, match="x: the validation split must have the image shape and the classes"):
            DataSplits("x", train, None, validation=other)
