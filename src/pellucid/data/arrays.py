"""NumPy archives and folders of arrays: images that are arrays already."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from pellucid.data.archives import DAMAGED
from pellucid.data.array_values import images_of
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.listing import natural_order, one_form
from pellucid.data.memory import require_room
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec
from pellucid.untrusted import opened
from pellucid.words import some

NPY = ".npy"
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
    return _splits(path, _npz_arrays(path), location, reading)


def _npz_arrays(path: Path) -> dict[str, Any]:
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(NPY) and name.lower() != NPY]
            require_room(path, sum(_bytes_of(archive, name) for name in names))
            return {name[: -len(NPY)].lower(): _array(archive, name) for name in names}
    except (*DAMAGED, MemoryError) as error:
        raise DataError(f"{path}: the arrays cannot be read ({error}).") from None


def _bytes_of(archive: zipfile.ZipFile, name: str) -> int:
    """Memory that an array of an archive will take, as its own header says.

    Raises:
        ValueError: The header is damaged, or promises another size than the archive does.
    """
    with archive.open(name) as file:
        size = require_plain(file)
        if size != archive.getinfo(name).file_size - file.tell():
            raise ValueError(f"the header of {name} promises {size} bytes, but others are there")
        return size


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def read_images(path: Path) -> np.ndarray:
    """The images of an .npy or .npz file that are to be answered for; those of an .npy file are mapped.

    Of several arrays it is those of a test split, or those that are called ``images`` or ``x``.

    Raises:
        DataError: The file is damaged, needs more memory than it may, or says not which array holds the images.
    """
    if path.suffix.lower() == NPY:
        try:
            with opened(path) as file:
                _require_size(path, file)
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError, MemoryError) as error:
            raise DataError(f"{path}: the array cannot be read ({error}).") from None
    arrays = _npz_arrays(path)
    wanted = [pair[0] for split in ("test", "train") if (pair := pair_names(arrays, split))]
    found = [name for name in (*wanted, "images", "x") if name in arrays] or [*arrays][: len(arrays) == 1]
    if not found:
        rule = f"{path}: it must hold one array, or call that of the images images or x"
        raise DataError(f"{rule}; received {some(list(arrays)) or 'nothing'}.")
    return arrays[found[0]]


def require_plain(file: BufferedIOBase | IO[bytes]) -> int:
    """See that an .npy file holds plain numbers or texts, and how many bytes of them.

    Args:
        file: The file at its beginning; afterwards it stands behind the header.

    Raises:
        ValueError: It holds Python objects, or its header is damaged.
    """
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(file)
        shape, _, kind = read_header.get(version, np.lib.format.read_array_header_2_0)(file)
    except Exception as error:  # noqa: BLE001 - the header is Python text, which NumPy reads in many ways
        raise ValueError(f"the header of an array is damaged ({type(error).__name__})") from None
    if not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ValueError("the lengths of an array must be whole numbers")
    if kind.hasobject:
        raise ValueError("it holds Python objects, which could run code; save the arrays as numbers")
    if not kind.itemsize and math.prod(shape):
        raise ValueError("its values have no bytes")
    return math.prod(shape) * kind.itemsize


def read_array(path: Path, name: str) -> np.ndarray:
    """One array of an .npz file.

    Raises:
        DataError: The file is damaged, or needs more memory than it may.
        KeyError: It has no array of that name.
    """
    return _npz_arrays(path)[name.lower()]


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
    return _splits(folder, _npy_arrays(folder), location, reading)


def _npy_arrays(folder: Path) -> dict[str, Any]:
    arrays, held = {}, 0
    for file in sorted(folder.glob("*.npy")):
        try:
            arrays[file.stem.lower()] = array = _npy(file, held)
            held += array.nbytes
        except (OSError, ValueError, EOFError, MemoryError) as error:
            raise DataError(f"{file}: the array cannot be read ({error}).") from None
    return arrays


def _npy(path: Path, held: int) -> np.ndarray:
    """An array in a file of its own, where so many bytes are held already."""
    with opened(path) as file:
        require_room(path, held + _require_size(path, file))
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)


def _require_size(path: Path, file: BufferedIOBase | IO[bytes]) -> int:
    """See that a file holds as many bytes of an array as its header promises, and how many."""
    size = require_plain(file)
    if size != (there := path.stat().st_size - file.tell()):
        raise ValueError(f"its header promises {size} bytes; received {there}")
    return size


def read_arrays(path: Path) -> dict[str, Any] | None:
    """The arrays of an .npz file or a folder of .npy files by their names in lower case; None where it is neither.

    Raises:
        DataError: A file is damaged.
    """
    if is_npy_folder(path):
        return _npy_arrays(path)
    return _npz_arrays(path) if path.suffix.lower() == ".npz" else None


def _splits(path: Path, arrays: dict[str, Any], location: str, reading: ReadSpec | None) -> DataSplits:
    """Images and labels of each split, found by the names of their arrays."""
    parts = {split: _pair(arrays, split) for split in KEYS}
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
    numbers = {split: images for split, (images, _) in found.items()}
    images, reading, notes = images_of(path, numbers, reading or ReadSpec())
    sets = {split: _dataset(path, split, images[split], labels, classes) for split, (_, labels) in found.items()}
    test, validation = sets.get("test"), sets.get("validation")
    location = location or str(path)
    return DataSplits(name, sets["train"], test, validation, location=location, reading=reading, notes=notes)


def pair_names(arrays: Mapping[str, Any], split: str) -> tuple[str, str] | None:
    """What the arrays of a split's images and labels are called; None where there are none."""
    return next((pair for pair in KEYS[split] if arrays.keys() >= set(pair)), None)


def _pair(arrays: dict[str, Any], split: str) -> tuple[np.ndarray, np.ndarray] | None:
    names = pair_names(arrays, split)
    if names is None:
        return None
    images, labels = (arrays[name] for name in names)
    if labels.ndim == 2 and labels.shape[1] == 1:  # as MedMNIST and Keras's CIFAR-10 have it
        return images, labels[:, 0]
    return images, labels


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
