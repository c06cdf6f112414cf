"""A trained network as a function: images in, labelled probabilities out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TypeVar

import numpy as np
import safetensors.torch
import torch
from jaxtyping import Float, Float32, Int64, Shaped, UInt8
from numpy import ndarray
from safetensors import SafetensorError
from torch import Tensor, nn

from pellucid.data.batches import DeviceImages, as_input, evaluation_batch_size
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.decode import read_image
from pellucid.data.views import views
from pellucid.device import autocast, choose_device, choose_precision, keep_freed_memory, place
from pellucid.errors import DataError, RunError
from pellucid.model.build import build
from pellucid.model.vote import averaged
from pellucid.run.folder import WEIGHTS, RunFolder
from pellucid.run.record import RunRecord
from pellucid.spec.augment import AugmentSpec

P = TypeVar("P", bound="Predictor")


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    Attributes:
        label: Name of the most probable class.
        probability: Its probability.
        probabilities: Of every class, by name; they add up to 1.
    """

    label: str
    probability: float
    probabilities: dict[str, float]


def answer(
    network: nn.Module, images: Float[Tensor, "batch channels height width"], test_time: AugmentSpec | None
) -> Float[Tensor, "batch classes"]:
    """A network's answer as logits, in fp32; those of several views are averaged as probabilities."""
    return averaged([network(view).float() for view in views(images, test_time)])


class Predictor:
    """A network with all that its answers need. It computes in fp32 unless it is told.

    Attributes:
        model: Gives logits; its names are those of `ModelSpec.walk`.
        record: How it came about.
        device: Where it is.
        precision: Of the activations.
    """

    def __init__(self, model: nn.Module, record: RunRecord, device: torch.device, precision: str = "fp32") -> None:
        keep_freed_memory()
        self.model = place(model, device).eval()
        self.record = record
        self.device = device
        self.precision = precision

    @classmethod
    def load(cls: type[P], path: str | PathLike[str], *, device: str = "auto", precision: str = "fp32") -> P:
        """Load a trained run.

        A run of a factory imports that factory's module: load only those whose code you trust.

        Args:
            path: The run folder.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.

        Raises:
            RunError: A file is missing or damaged, or the weights are of another network.
            DeviceError: The machine does not offer the device or precision.
        """
        folder, chosen = RunFolder(path), choose_device(device)
        record = folder.read_record()
        model = build(record.model, vote=record.train.vote)
        _load_weights(model, folder)
        return cls(model, record, chosen, choose_precision(precision, chosen))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the outputs."""
        return self.record.data.class_names

    def logits(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """What the network gives before softmax, in fp32, for float images in [0, 1] on its device."""
        with torch.inference_mode(), autocast(self.device, self.precision):
            return self.model(images).float()

    def answer(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """The run's answer as logits: the network's, or what its test-time augmentation makes of several of them."""
        with torch.inference_mode(), autocast(self.device, self.precision):
            return answer(self.model, images, self.record.train.test_time_augmentation)

    def logits_of(
        self, dataset: ImageDataset
    ) -> Iterator[tuple[Float[Tensor, "batch classes"], Int64[Tensor, " batch"]]]:
        """The run's answers, as logits, and the labels of a whole data set, a batch at a time.

        Raises:
            DataError: Its images or classes are not those that the run was trained for.
        """
        self.check(dataset)
        on_device = DeviceImages(dataset, self.device)
        rows = torch.arange(len(dataset), device=self.device)
        for images, labels in on_device.batches(rows):
            yield self.answer(images), labels

    def probabilities(
        self, images: Shaped[ndarray, "count ..."], *, alone: bool = False
    ) -> Float32[ndarray, "count classes"]:
        """Probability of each class.

        Args:
            images: uint8, [count, height, width, channels], of the shape that the run was trained for.
            alone: Ask the network alone, without the run's test-time augmentation.

        Raises:
            DataError: The images have another shape or type.
        """
        if images.dtype != np.uint8 or images.shape[1:] != self.record.input_shape:
            wanted = ", ".join(map(str, self.record.input_shape))
            raise DataError(f"images must be uint8 [count, {wanted}]; received {images.dtype} {list(images.shape)}.")
        ask = self.logits if alone else self.answer
        whole = torch.from_numpy(np.ascontiguousarray(images))
        parts = [
            ask(as_input(part.to(self.device))).softmax(dim=1).cpu()
            for part in whole.split(evaluation_batch_size(whole))
        ]
        return torch.cat(parts).numpy()

    def predict(self, images: Shaped[ndarray, "count ..."]) -> list[Prediction]:
        """The labelled answer for each image, uint8 and of the shape that the run was trained for."""
        return [self._prediction(row) for row in self.probabilities(images)]

    def predict_files(self, paths: Sequence[str | PathLike[str]], *, invert: bool = False) -> list[Prediction]:
        """The answer for each image file, brought to the run's channels and size.

        Raises:
            DataError: A file cannot be read.
        """
        images = [self.read(Path(path), invert=invert) for path in paths]
        return self.predict(np.stack(images)) if images else []

    def read(self, path: Path, *, invert: bool = False) -> UInt8[ndarray, "height width channels"]:
        """An image file as the network takes it: its channels and size, and turned from dark to bright on demand."""
        return read_image(path, self.record.input_shape, self.record.data.reading, invert=invert)

    def own_data(self) -> DataSplits:
        """The data that the run was trained on, loaded again.

        Raises:
            DataError: They are not here any more, or have changed.
        """
        from pellucid.data.catalogue import CATALOGUE  # prediction need not wait for what loads data
        from pellucid.data.load import load_data

        record = self.record.data
        location = record.location or record.name
        if location not in CATALOGUE and not Path(location).exists():
            remedy = "Bring it back, or give other data."
            raise DataError(f"The run was trained on {location}, which is not here. {remedy}")
        splits = load_data(location, record.reading)
        self.require_unchanged(splits)
        return splits

    def require_unchanged(self, splits: DataSplits) -> None:
        """See that data are those that the run was trained on.

        Raises:
            DataError: Their fingerprint is another.
        """
        before, validation = self.record.data, splits.validation
        same = splits.train.fingerprint == before.fingerprint
        if before.validation_fingerprint:
            same &= validation is not None and validation.fingerprint == before.validation_fingerprint
        if not same:
            raise DataError(f"{splits.name} has changed since the run was trained: its fingerprint is another.")

    def check(self, dataset: ImageDataset) -> None:
        """See that a data set is of the shape and classes that the run was trained for.

        Raises:
            DataError: It is not.
        """
        if dataset.input_shape != self.record.input_shape:
            wanted, received = list(self.record.input_shape), list(dataset.input_shape)
            raise DataError(f"The run takes images of [height, width, channels] {wanted}; received {received}.")
        if dataset.class_names != self.class_names:
            wanted, received = ", ".join(self.class_names), ", ".join(dataset.class_names)
            raise DataError(f"The run knows the classes {wanted}; received {received}.")

    def _prediction(self, probabilities: Float32[ndarray, " classes"]) -> Prediction:
        by_name = {name: float(value) for name, value in zip(self.class_names, probabilities, strict=True)}
        label = max(by_name, key=by_name.__getitem__)
        return Prediction(label, by_name[label], by_name)


def _load_weights(model: nn.Module, folder: RunFolder) -> None:
    raw = folder.read_bytes(WEIGHTS)
    try:
        weights = safetensors.torch.load(raw)
    except SafetensorError as error:
        raise RunError(f"{folder.path / WEIGHTS} is truncated or not safetensors ({error}).") from None
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise RunError(f"{folder.path / WEIGHTS} holds the weights of another network ({reason}).") from None
