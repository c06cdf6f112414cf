"""Labelled images in memory, and a data set in its splits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

from pellucid.errors import DataError


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Labelled images; they stay uint8 until they are on the device.

    Attributes:
        images: [count, height, width, channels], uint8.
        labels: Index of each image's class, [count], int64.
        class_names: Name of each class, in the order of the indices.

    Raises:
        DataError: Counts, types or labels do not fit each other.
    """

    images: Shaped[ndarray, ...]  # checked here, with messages for the user
    labels: Shaped[ndarray, ...]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))  # untyped callers give lists
        if len(set(self.class_names)) != len(self.class_names):
            raise DataError(f"class_names must differ; received {', '.join(self.class_names)}.")
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

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the shape, class names, images and labels; equal data have equal fingerprints anywhere."""
        digest = hashlib.sha256(repr((self.images.shape, self.class_names)).encode())
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        return digest.hexdigest()

    @cached_property
    def mean_brightness(self) -> float:
        """Mean of all values, from 0 (black) to 1."""
        return float(self.images.mean(dtype=np.float64) / 255)


class DataSplits:
    """A named data set: images to train on, and a test split that is read only when somebody asks for it.

    Training takes `train` alone, so it cannot see the test split.

    Attributes:
        name: What the data set is called, in run folders too.
        train: The images to train on; `fit` holds out the validation split from them.
    """

    def __init__(self, name: str, train: ImageDataset, test: Callable[[], ImageDataset] | ImageDataset | None) -> None:
        self.name = name
        self.train = train
        self._test = test

    @cached_property
    def test(self) -> ImageDataset:
        """The test split.

        Raises:
            DataError: There is none, or its images or classes are not like those of the training split.
        """
        test = self._test() if callable(self._test) else self._test
        if test is None:
            raise DataError(f"{self.name} has no test split.")
        if test.input_shape != self.train.input_shape or test.class_names != self.train.class_names:
            raise DataError(
                f"{self.name}: the test split must have the image shape and the classes of the training split."
            )
        return test

    @property
    def has_test(self) -> bool:
        """Whether there is a test split."""
        return self._test is not None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the indices."""
        return self.train.class_names
