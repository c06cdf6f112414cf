"""NumPy archives and folders of arrays: images that are arrays already."""

from __future__ import annotations

import math
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pellucid.data.archives import DAMAGED
from pellucid.data.dataset import ROWS_AT_ONCE, DataSplits, ImageDataset
from pellucid.data.listing import natural_order, one_form
from pellucid.data.values import WHITE, Extent, eight_bits, extent_of, range_within
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec
from pellucid.words import some

KEYS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels"), ("images", "labels"), ("x", "y")),
    "validation": (("x_val", "y_val"), ("val_images", "val_labels"), ("x_valid", "y_valid")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}


def read_npz(path: Path, location: str = "", reading: ReadSpec | None = None) -> DataSplits:
    """Read images and labels from a NumPy archive. Pickled objects are refused.

    Keys: x_train, y_train, x_test, y_test (and x_val, y_val); train_images, train_labels, …; images, labels; x, y.

    Args:
        path: The archive.
        location: Where `load_data` finds the data again; the path unless given.
        reading: Its ``value_range`` says which values are black and white.

    Raises:
        DataError: The file is damaged, a key is missing, or an array is not of images or labels.
    """
    if path.suffix.lower() == ".npy":
        hint = "Give the folder of x_train.npy and y_train.npy, or save both in one .npz file."
        raise DataError(f"{path}: a .npy file holds no labels. {hint}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name.lower(): archive[name] for name in archive.files}
    except (*DAMAGED, AttributeError, TypeError, MemoryError) as error:
        raise DataError(f"{path}: the arrays cannot be read ({error}).") from None
    return _splits(path, arrays, location, reading)


def is_npy_folder(folder: Path) -> bool:
    """Whether a folder holds arrays under the usual names, one a file."""
    return folder.is_dir() and are_arrays(file.name for file in folder.glob("*.npy"))


def are_arrays(names: Iterable[str]) -> bool:
    """Whether files are called as arrays of training images and labels are."""
    found = {name.lower() for name in names}
    return any(found >= {f"{images}.npy", f"{labels}.npy"} for images, labels in KEYS["train"])


def read_npy_folder(folder: Path, location: str = "", reading: ReadSpec | None = None) -> DataSplits:
    """Read arrays from a folder with x_train.npy, y_train.npy and the like; see `read_npz`.

    Raises:
        DataError: A file is damaged, or is not of images or labels.
    """
    arrays = {}
    for file in sorted(folder.glob("*.npy")):
        try:
            arrays[file.stem.lower()] = np.load(file, allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError, tokenize.TokenError) as error:
            raise DataError(f"{file}: the array cannot be read ({error}).") from None
    return _splits(folder, arrays, location, reading)


def _splits(path: Path, arrays: dict[str, Any], location: str, reading: ReadSpec | None) -> DataSplits:
    """Images and labels of each split, found by the names of their arrays."""
    parts = {split: _pair(arrays, names) for split, names in KEYS.items()}
    if parts["train"] is None:
        wanted = ", ".join(" and ".join(pair) for pair in KEYS["train"])
        raise DataError(f"{path}: it must hold {wanted}; received {some(list(arrays)) or 'nothing'}.")
    found = {split: pair for split, pair in parts.items() if pair}
    return splits_of(path, path.stem, found, location, reading)


def splits_of(
    path: Path,
    name: str,
    found: Mapping[str, tuple[np.ndarray, np.ndarray]],
    location: str,
    reading: ReadSpec | None,
    class_names: tuple[str, ...] = (),
) -> DataSplits:
    """A data set of arrays.

    Args:
        path: Where they were found, for messages.
        name: What the data set is called.
        found: Images and labels of each split.
        location: Where `load_data` finds the data again; the path unless given.
        reading: Its ``value_range`` says which values are black and white.
        class_names: The classes, where the labels are names of them; those that there are labels of unless given.

    Raises:
        DataError: An array is not of images or labels.
    """
    given = _Classes(class_names, {name: number for number, name in enumerate(class_names)})
    classes = given if class_names else _Classes.of(path, [labels for _, labels in found.values()])
    images = {split: _shaped(path, pixels) for split, (pixels, _) in found.items()}
    extents = {split: _extent(path, pixels) for split, pixels in images.items()}
    most = extents["train"].most
    reading, notes = extents["train"].resolved(reading or ReadSpec())
    sets = {}
    for split, (_, labels) in found.items():
        value_range = _range(path, images[split], extents[split], most, reading)
        if beyond := extents[split].beyond(*value_range):
            notes.append(f"the {split} images hold {beyond}")
        sets[split] = _dataset(path, split, _pixels(images[split], value_range), labels, classes)
    test, validation = sets.get("test"), sets.get("validation")
    location = location or str(path)
    return DataSplits(name, sets["train"], test, validation, location=location, reading=reading, notes=notes)


def _pair(arrays: dict[str, Any], names: tuple[tuple[str, str], ...]) -> tuple[np.ndarray, np.ndarray] | None:
    found = next(((arrays[x], arrays[y]) for x, y in names if x in arrays and y in arrays), None)
    if found and found[1].ndim == 2 and found[1].shape[1] == 1:  # as MedMNIST and Keras's CIFAR-10 have it
        return found[0], found[1][:, 0]
    return found


class _Classes(NamedTuple):
    """The classes, and the number of each label as text; a number may be written in several forms."""

    names: tuple[str, ...]
    numbers: dict[str, int]

    @classmethod
    def of(cls, path: Path, labels: list[np.ndarray]) -> _Classes:
        for values in labels:
            if values.ndim != 1 or values.dtype.kind not in "iuUS":
                rule = f"{path}: labels must be whole numbers or texts, one for each image"
                raise DataError(f"{rule}; received {values.dtype} {list(values.shape)}.")
        texts = {_text(value) for values in labels for value in np.unique(values)}
        if not all(text.strip() for text in texts):
            raise DataError(f"{path}: a label must not be an empty text. Give each image a class, or leave it out.")
        forms = {text: text for text in texts} | one_form(texts)
        names = tuple(sorted(set(forms.values()), key=natural_order))
        numbers = {name: number for number, name in enumerate(names)}
        return cls(names, {text: numbers[form] for text, form in forms.items()})


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _dataset(path: Path, split: str, images: np.ndarray, labels: np.ndarray, classes: _Classes) -> ImageDataset:
    numbers = np.array([classes.numbers[_text(value)] for value in labels], np.int64)
    sources = tuple(f"{path}, {split} image {row}" for row in range(len(labels)))
    return ImageDataset(images, numbers, classes.names, sources)


def pixels_of(path: Path, images: np.ndarray, reading: ReadSpec) -> np.ndarray:
    """Images as uint8, [count, height, width, channels], as those of a data set that was read so.

    Raises:
        DataError: They have another number of axes, or other values than they may.
    """
    shaped = _shaped(path, images)
    return _pixels(shaped, _range(path, shaped, _extent(path, shaped), WHITE, reading))


def _shaped(path: Path, images: np.ndarray) -> np.ndarray:
    """Images as numbers, [count, height, width, channels]."""
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.dtype == bool:
        images = images.astype(np.uint8) * 255
    if images.ndim != 4 or images.dtype.kind not in "uif":
        received = f"{images.dtype} {list(images.shape)}"
        raise DataError(
            f"{path}: images must be [count, height, width] or [count, height, width, channels]; received {received}."
        )
    return np.moveaxis(images, 1, 3) if images.shape[1] in {1, 3} and images.shape[3] not in {1, 3} else images


def _extent(path: Path, images: np.ndarray) -> Extent:
    """The values of images, and what stands for white among them; that is infinite where their type does not say it."""
    if not images.size:
        return Extent.of_nothing(WHITE)
    try:
        extent = extent_of(images, 65535.0 if images.dtype == np.uint16 else math.inf)
    except ValueError as error:
        raise DataError(f"{path}: the images cannot be used: {error}.") from None
    is_whole = images.dtype.kind in "ui" or bool((images == np.floor(images)).all())
    return extent._replace(most=WHITE) if is_whole and extent.low >= 0 and extent.high <= WHITE else extent


def _range(path: Path, images: np.ndarray, extent: Extent, most: float, reading: ReadSpec) -> tuple[float, float]:
    """The values of a split's images that become black and white.

    Args:
        path: The file, for messages.
        images: The images of the split.
        extent: Their values.
        most: What stands for white among the training images, where the reading gives no range.
        reading: How to read them.

    Raises:
        DataError: No range is given, and the images hold other values than they may.
    """
    if images.dtype == np.uint8:
        return range_within(reading.value_range, WHITE)
    if isinstance(reading.value_range, tuple):
        return reading.value_range
    if extent.most <= most < math.inf:
        return 0.0, most
    rule = f"images must be whole numbers from 0 to {WHITE if math.isinf(most) else most:g}"
    received = f"{images.dtype} from {extent.low:g} to {extent.high:g}"
    remedy = "Say which values are black and white (--value-range LOW:HIGH), or save them as uint8."
    raise DataError(f"{path}: {rule}; received {received}. {remedy}")


def _pixels(images: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Images as uint8, some at a time."""
    if images.dtype == np.uint8 and value_range == (0, WHITE):
        return np.ascontiguousarray(images)
    pixels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), ROWS_AT_ONCE):
        pixels[start : start + ROWS_AT_ONCE] = eight_bits(images[start : start + ROWS_AT_ONCE], *value_range)
    return pixels
