"""Splits on the device that a network is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import DataSplits
from pellucid.spec.train import TrainSpec
from pellucid.trained.splits import Split, held_out


@dataclass(frozen=True)
class PlacedSplit:
    """Some rows of the images on a device.

    Attributes:
        data: Images and labels on the device.
        rows: Which of the images belong to the split, on the same device.
    """

    data: DeviceImages
    rows: Int64[Tensor, " rows"]

    def __len__(self) -> int:
        return len(self.rows)


def splits_to_train_on(data: DataSplits, spec: TrainSpec) -> dict[str, Split]:
    """The training split, and the validation split unless the training is to be without one.

    Raises:
        DataError: A class has too few images to stand on both sides.
    """
    splits = held_out(data, spec.validation_split, spec.seed)
    return {"train": splits["train"]} if spec.validation_split is None else splits


def place_splits(splits: Mapping[str, Split], device: torch.device) -> dict[str, PlacedSplit]:
    """The splits on the device; images that two of them share go there once."""
    datasets = {id(split.dataset): split.dataset for split in splits.values()}
    on_device = {key: DeviceImages(dataset, device) for key, dataset in datasets.items()}
    return {
        name: PlacedSplit(on_device[id(split.dataset)], torch.from_numpy(split.rows).to(device))
        for name, split in splits.items()
    }
