"""Splits on the device that a network is trained on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import DataSplits
from pellucid.data.splits import absent_note
from pellucid.errors import PellucidWarning
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
        DataError: No class has images for both sides.

    Warns:
        PellucidWarning: A class has no image in the validation split that was held out.
    """
    splits = held_out(data, spec.validation_split, spec.seed)
    if spec.validation_split is None:
        return {"train": splits["train"]}
    if data.validation is None:
        train, rows = data.train, splits["validation"].rows
        for note in absent_note("validation", train.labels, rows, train.class_names, "training image"):
            warnings.warn(f"{data.name}: {note}", PellucidWarning, stacklevel=3)
    return splits


def place_splits(splits: Mapping[str, Split], device: torch.device) -> dict[str, PlacedSplit]:
    """The splits on the device; images that two of them share go there once."""
    datasets = {id(split.dataset): split.dataset for split in splits.values()}
    on_device = {key: DeviceImages(dataset, device) for key, dataset in datasets.items()}
    return {
        name: PlacedSplit(on_device[id(split.dataset)], torch.from_numpy(split.rows).to(device))
        for name, split in splits.items()
    }
