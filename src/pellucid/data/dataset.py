"""Labelled images in memory, and a data set in its splits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Shaped, UInt64
from numpy import ndarray

from pellucid.data.rejected import Rejected
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec
from pellucid.words import some

ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Labelled images; they stay uint8 until they are on the device.

    Attributes:
        images: [count, height, width, channels], uint8.
        labels: Index of each image's class, [count], int64.
        class_names: Name of each class, in the order of the indices.
        sources: File or row that each image came from, [count]; None where they have no names.
        groups: What belongs together (patient, writer) and must never be parted, [count]; empty for an image that
            belongs to nothing, None where none does.
        sizes: Height and width that each image had before it was brought to one shape, [count, 2]; None where they
            are not known, or none was.

    Raises:
        DataError: Counts, types or labels do not fit each other.
    """

    images: Shaped[ndarray, ...]  # checked here, with messages for the user
    labels: Shaped[ndarray, ...]
    class_names: tuple[str, ...]
    sources: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    sizes: Shaped[ndarray, "count 2"] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))  # untyped callers give lists
        if len(set(self.class_names)) != len(self.class_names):
            raise DataError(f"class_names must differ; received {some(self.class_names)}.")
        if self.images.dtype != np.uint8 or self.images.ndim != 4:
            received = f"{self.images.dtype} {list(self.images.shape)}"
            raise DataError(f"images must be uint8 [count, height, width, channels]; received {received}.")
        if self.labels.dtype != np.int64 or self.labels.shape != self.images.shape[:1]:
            received = f"{self.labels.dtype} {list(self.labels.shape)} for {len(self.images)} images"
            raise DataError(f"labels must be int64, one for each image; received {received}.")
        if self.images.size == 0:
            raise DataError(f"A data set must hold at least one image; received {list(self.images.shape)}.")
        if self.labels.min() < 0 or self.labels.max() >= len(self.class_names):
            received = f"{self.labels.min()} to {self.labels.max()}"
            raise DataError(f"labels must be from 0 to {len(self.class_names) - 1}, the classes; received {received}.")

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, rows: Shaped[ndarray, " rows"]) -> ImageDataset:
        """The images of these rows, copied."""
        return ImageDataset(
            np.ascontiguousarray(self.images[rows]),
            self.labels[rows],
            self.class_names,
            tuple(self.sources[row] for row in rows) if self.sources else None,
            tuple(self.groups[row] for row in rows) if self.groups else None,
            self.sizes[rows] if self.sizes is not None else None,
        )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the shape, class names, images and labels; equal data have equal fingerprints anywhere."""
        parts = (self.images[start : start + ROWS_AT_ONCE] for start in range(0, len(self), ROWS_AT_ONCE))
        return fingerprint_of(self.images.shape, self.class_names, parts, self.labels)

    @cached_property
    def image_hashes(self) -> UInt64[ndarray, " count"]:
        """A number for each image that follows from its pixels alone; equal images have equal numbers."""
        return np.array([hash_of(np.ascontiguousarray(image).data) for image in self.images], np.uint64)

    @cached_property
    def split_keys(self) -> UInt64[ndarray, " count"]:
        """What decides on which side of a split an image falls: its group where it has one, else its pixels."""
        if self.groups is None:
            return self.image_hashes
        grouped = zip(self.groups, self.image_hashes, strict=True)
        return np.array([hash_of(group.encode()) if group else key for group, key in grouped], np.uint64)

    @cached_property
    def mean_brightness(self) -> float:
        """Mean of all values of the images, from 0 (black) to 1."""
        return float(self.images.mean(dtype=np.float64) / 255)


def fingerprint_of(
    shape: tuple[int, ...], class_names: tuple[str, ...], parts: Iterable[ndarray], labels: Shaped[ndarray, " count"]
) -> str:
    """SHA-256 of images that are given some at a time."""
    digest = hashlib.sha256(repr((tuple(shape), class_names)).encode())
    for images in parts:
        digest.update(np.ascontiguousarray(images).data)
    digest.update(np.ascontiguousarray(labels, dtype="<i8").data)
    return digest.hexdigest()


class DataSplits:
    """A named data set: images to train on, and a test split that is read only when somebody asks for it.

    Training takes `train` alone, so it cannot see the test split.

    Attributes:
        name: What the data set is called, in run folders too.
        train: The images to train on.
        validation: The validation split where the data bring one; None where `fit` is to hold it out from `train`.
        rejected: Files that could not be used.
        location: Where `load_data` finds them again: a name of the catalogue, or a path.
        reading: How the images were read from files; None for those that are arrays by themselves.
        notes: What the user should know of the reading.

    Raises:
        DataError: The validation split's images or classes are not like those of the training split.
    """

    def __init__(
        self,
        name: str,
        train: ImageDataset,
        test: Callable[[], ImageDataset] | ImageDataset | None,
        validation: ImageDataset | None = None,
        rejected: Sequence[Rejected] = (),
        *,
        location: str = "",
        reading: ReadSpec | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.train = train
        self.validation = validation
        self.rejected = tuple(rejected)
        self.location = location or name
        self.reading = reading
        self.notes = tuple(notes)
        self._test = test
        if validation is not None:
            self._require_alike("validation", validation)

    @cached_property
    def test(self) -> ImageDataset:
        """The test split.

        Raises:
            DataError: There is no test split, or its images or classes are not like those of the training split.
        """
        test = self._test() if callable(self._test) else self._test
        if test is None:
            raise DataError(f"{self.name} has no test split.")
        self._require_alike("test", test)
        return test

    def _require_alike(self, name: str, split: ImageDataset) -> None:
        if split.input_shape != self.train.input_shape or split.class_names != self.train.class_names:
            raise DataError(
                f"{self.name}: the {name} split must have the image shape and the classes of the training split."
            )

    @property
    def has_test(self) -> bool:
        """Whether there is a test split."""
        return self._test is not None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the indices."""
        return self.train.class_names


def hash_of(content: bytes | memoryview) -> int:
    """A number of 64 bits that follows from the content."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
