"""The splits of a data set as one row of images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64, UInt8, UInt64
from numpy import ndarray

from pellucid.audit.findings import Member
from pellucid.data.dataset import DataSplits, ImageDataset

CHUNK_BYTES = 1 << 24

Rows = Int64[ndarray, " rows"]
Images = UInt8[ndarray, "rows height width channels"]


class Pool:
    """The splits of a data set as one row of images.

    Attributes:
        datasets: Each split by its name.
    """

    def __init__(self, datasets: dict[str, ImageDataset]) -> None:
        self.datasets = datasets
        self._starts = np.cumsum([0, *(len(dataset) for dataset in datasets.values())])

    @classmethod
    def of(cls, splits: DataSplits) -> Pool:
        """The pool of a data set: its training, validation and test split, those that there are."""
        datasets = {"train": splits.train}
        if splits.validation is not None:
            datasets["validation"] = splits.validation
        if splits.has_test:
            datasets["test"] = splits.test
        return cls(datasets)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        return next(iter(self.datasets.values())).input_shape

    @property
    def hashes(self) -> UInt64[ndarray, " count"]:
        """A number for each image; equal images have equal numbers."""
        return np.concatenate([dataset.image_hashes for dataset in self.datasets.values()])

    def images(self, rows: Rows) -> Images:
        """The images of these rows, copied."""
        images = np.empty((len(rows), *self.image_shape), np.uint8)
        for dataset, start in zip(self.datasets.values(), self._starts[:-1], strict=True):
            here = (rows >= start) & (rows < start + len(dataset))
            images[here] = dataset.images[rows[here] - start]
        return images

    def chunks(self, rows: Rows) -> Iterator[Rows]:
        """The rows in parts, each of images that together fill CHUNK_BYTES."""
        step = max(1, CHUNK_BYTES // int(np.prod(self.image_shape)))
        return (rows[start : start + step] for start in range(0, len(rows), step))

    def member(self, row: int) -> Member:
        """Where the image of a row stands."""
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        split, index = list(self.datasets)[part], row - int(self._starts[part])
        dataset = self.datasets[split]
        label = dataset.class_names[dataset.labels[index]]
        source = dataset.sources[index] if dataset.sources else None
        return Member(split=split, index=index, label=label, source=source)
