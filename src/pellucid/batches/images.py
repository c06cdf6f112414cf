"""Images on the device: they lie there as uint8 and become floats a batch at a time."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from pellucid.data.dataset import ImageDataset
from pellucid.data.portions import answered_at_once
from pellucid.spec.seeds import derive_seed

MAPPED_BYTES_KEPT = 256 << 20


def as_input(images: UInt8[Tensor, "batch height width channels"]) -> Float[Tensor, "batch channels height width"]:
    """Scale to [0, 1]. The channels come first in the shape and stay last in memory, which is the fast order."""
    return images.permute(0, 3, 1, 2).to(torch.float32).div_(255)


def evaluation_batch_size(images: UInt8[Tensor, "count height width channels"]) -> int:
    """How many such images go through a network at once where nothing is learned."""
    return answered_at_once(*images.shape[1:3])


class DeviceImages:
    """A data set on a device, taken in batches by index.

    Attributes:
        images: uint8, [count, height, width, channels].
        labels: int64, [count].
        class_names: Name of each class, in the order of the labels.
        device: Where images and labels lie.
    """

    def __init__(self, dataset: ImageDataset, device: torch.device) -> None:
        self.images: UInt8[Tensor, "count height width channels"] = _tensor(dataset.images).to(device)
        self.labels: Int64[Tensor, " count"] = _tensor(dataset.labels).to(device)
        self.class_names = dataset.class_names
        self.device = device
        self._mapping = getattr(dataset.images, "_mmap", None) if device.type == "cpu" else None
        self._bytes_touched = 0

    def batch(
        self, rows: Int64[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch channels height width"], Int64[Tensor, " batch"]]:
        """The images of these rows, ready for the network, and their labels."""
        images = self.images.index_select(0, rows)
        if self._mapping is not None:
            self._forget(images.numel())
        return as_input(images), self.labels.index_select(0, rows)

    def _forget(self, size: int) -> None:
        """Let go of mapped pages now and then; the system keeps them cached as far as it has memory to spare."""
        self._bytes_touched += size
        if self._bytes_touched > MAPPED_BYTES_KEPT and self._mapping and hasattr(mmap, "MADV_DONTNEED"):
            self._mapping.madvise(mmap.MADV_DONTNEED)
            self._bytes_touched = 0

    def batches(
        self, rows: Int64[Tensor, " rows"], batch_size: int | None = None
    ) -> Iterator[tuple[Float[Tensor, "batch channels height width"], Int64[Tensor, " batch"]]]:
        """These rows in their order, as many at once as `evaluation_batch_size` says; the last batch may be smaller."""
        for part in rows.split(batch_size or evaluation_batch_size(self.images)):
            yield self.batch(part)


def _tensor(array: np.ndarray) -> Tensor:
    """The array itself where torch can take it, else a copy of it."""
    return torch.from_numpy(np.require(array, requirements=["C_CONTIGUOUS", "WRITEABLE"]))


def mini_batches(count: int, batch_size: int, least: int = 1) -> list[int]:
    """How many images each mini-batch of an epoch has.

    The last one may be smaller, but what is left over is joined to the one before where it is fewer than the least.
    """
    whole, rest = divmod(count, batch_size)
    if whole and 0 < rest < least:
        return [batch_size] * (whole - 1) + [batch_size + rest]
    return [batch_size] * whole + [rest] * (rest > 0)


def shuffled(rows: Int64[Tensor, " rows"], seed: int, epoch: int) -> Int64[Tensor, " rows"]:
    """The rows in the order of one epoch, which depends on the seed and the epoch alone."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "shuffle", epoch))
    return rows[torch.randperm(len(rows), generator=generator).to(rows.device)]
