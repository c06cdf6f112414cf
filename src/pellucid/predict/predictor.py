"""A trained network as a function, by torch: images in, labelled probabilities out."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, Shaped
from numpy import ndarray
from torch import Tensor, nn
from typing_extensions import override

from pellucid.batches.images import DeviceImages, evaluation_batch_size
from pellucid.data.dataset import ImageDataset
from pellucid.device import choose_device, choose_precision, enough_memory, place
from pellucid.judge.doubt_file import read_doubts
from pellucid.judge.refusal import KEEP, Doubts
from pellucid.machine import keep_freed_memory
from pellucid.model.build import build
from pellucid.model.trust import require_trust
from pellucid.predict.answer import answer, answers, probabilities
from pellucid.predict.classifier import Classifier, Shown, TrainedOn
from pellucid.predict.features import tapped
from pellucid.predict.weights import load_weights
from pellucid.run.folder import RunFolder
from pellucid.run.record import DoubtRecord, RunRecord
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.image_reading import ImageReading, PlainReading
from pellucid.untrusted import trusting

LEARNED_NOTHING = (
    "this run has no answers for held-out images. Train it with a validation split; one that an earlier version"
    " trained, or that was interrupted, learns them by: pellucid evaluate RUN."
)


class Predictor(Classifier):
    """A network with all that its answers need, asked by torch. It computes in fp32 unless it is told.

    Attributes:
        model: The network, which gives logits; its layers have the names of `ModelSpec.walk`.
        record: What run.json says of the training.
        device: The device that the network is on.
        precision: Precision of the activations.
        folder: Where it was loaded from; None for one that was not.
    """

    no_doubts = LEARNED_NOTHING

    def __init__(self, model: nn.Module, record: RunRecord, device: torch.device, precision: str = "fp32") -> None:
        keep_freed_memory()
        self.model = place(model, device).eval()
        self.record = record
        self.device = device
        self.precision = precision
        self.folder: RunFolder | None = None
        self._doubts: Doubts | None = None

    @classmethod
    def load(
        cls, path: str | PathLike[str], *, device: str = "auto", precision: str = "fp32", trust: bool = False
    ) -> Predictor:
        """Load a trained run.

        Args:
            path: The run folder.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
            trust: Whether the run may name code that makes its network, which is imported and run.

        Raises:
            RunError: A file is missing or damaged, the weights are of another network, or the run names code.
            DeviceError: The machine does not offer the device or precision.
        """
        folder, chosen = RunFolder(path), choose_device(device)
        record = folder.read_record()
        with trusting(trust):
            require_trust(record.model, folder.path)
        with enough_memory():
            model = build(record.model, vote=record.train.vote)
        load_weights(model, folder, record.weights_sha256)
        loaded = cls(model, record, chosen, choose_precision(precision, chosen))
        loaded.folder = folder
        return loaded

    @property
    @override
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the outputs."""
        return self.record.data.class_names

    @property
    @override
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that the network takes."""
        return self.record.input_shape

    @property
    @override
    def own_reading(self) -> ImageReading:
        """How image files were brought to the network's shape in the training; stretched, on black, for arrays."""
        return self.record.data.reading or PlainReading(value_range="full")

    def with_fresh_weights(self, seed: int) -> Predictor:
        """The same network with the untrained weights that follow from a seed.

        Raises:
            SpecError: The network comes from a factory that cannot be imported here.
        """
        model = build(self.record.model, seed, self.record.train.vote)
        record = self.record.model_copy(update={"calibration": None, "doubt": None})  # which are of the trained weights
        return Predictor(model, record, self.device, self.precision)

    def logits(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """What the network gives before softmax, in fp32, for float images in [0, 1] on its device.

        The temperature of the run is not in it; `softmax` has it.
        """
        return answer(self.model, images, precision=self.precision)

    def softmax(self, logits: Float[Tensor, "batch classes"]) -> Float[Tensor, "batch classes"]:
        """The probabilities of logits: their softmax, after they are divided by the temperature of the run."""
        return (logits / self.record.temperature).softmax(dim=1)

    def answers(
        self, dataset: ImageDataset
    ) -> Iterator[tuple[Float[Tensor, "batch classes"], Int64[Tensor, " batch"]]]:
        """The run's answers, as logits, and the labels of a whole data set, a batch at a time.

        Args:
            dataset: Images of the shape and classes that the run was trained for.
        """
        rows = torch.arange(len(dataset), device=self.device)
        yield from answers(self.model, DeviceImages(dataset, self.device), rows, self._test_time, self.precision)

    @property
    @override
    def trained_on(self) -> TrainedOn:
        """How bright the training images are."""
        look = self.record.data.look
        shown = Shown(look.brightness, look.background, look.drawn) if look else None
        return TrainedOn(self.record.data.mean_brightness, shown)

    @override
    def probabilities(
        self, images: Shaped[ndarray, "count ..."], *, alone: bool = False
    ) -> Float32[ndarray, "count classes"]:
        """Probability of each class, calibrated where the run is (`RunRecord.calibration`).

        Args:
            images: uint8, [count, height, width, channels], of the shape that the run was trained for.
            alone: Whether to ask the network alone, without the run's test-time augmentation.

        Raises:
            DataError: The images have another shape or type.
        """
        self._require_images(images)
        test_time = None if alone else self._test_time
        return probabilities(self.model, images, self.device, test_time, self.precision, self.record.temperature)

    @property
    @override
    def doubts(self) -> Doubts | None:
        """What the run learned of when to say "I don't know"; read from its folder when it is first needed.

        None where it learned nothing of that: no images were held out in its training; or an earlier version trained it
        or it was interrupted, and it was not judged on its own data since.

        Raises:
            RunError: The file is missing or damaged.
        """
        if self._doubts is None and self.record.doubt and self.folder:
            self._doubts = read_doubts(self.folder, self.record.doubt.sha256)
        return self._doubts if self.record.doubt else None

    @property
    @override
    def keep(self) -> float:
        """Share of images like those trained on that the run answers, unless another is asked for."""
        return self.record.doubt.keep if self.record.doubt else KEEP

    def learn_doubts(self, doubts: Doubts, record: DoubtRecord) -> None:
        """Take what was learned of when to say "I don't know", and what run.json says of it."""
        self._doubts = doubts
        self.record = self.record.model_copy(update={"doubt": record})

    @override
    def with_features(
        self, images: Shaped[ndarray, "count ..."]
    ) -> tuple[Float32[ndarray, "count classes"], Float32[ndarray, "count features"]]:
        """Probability of each class, and what the layers make of the image itself; see `Tap`.

        Args:
            images: As `probabilities` takes them.

        Raises:
            DataError: The images have another shape or type.
        """
        if not len(images):
            return self.probabilities(images), np.zeros((0, 0), np.float32)
        said, heard = list[Float32[ndarray, "batch classes"]](), list[Float32[ndarray, "batch features"]]()
        with tapped(self.model) as tap:
            size = evaluation_batch_size(torch.empty(1, *self.input_shape, dtype=torch.uint8))
            for start in range(0, len(images), size):
                said.append(self.probabilities(images[start : start + size]))
                heard.append(tap.take(len(said[-1])))
        return np.concatenate(said), np.concatenate(heard)

    @property
    def _test_time(self) -> AugmentSpec | None:
        return self.record.train.test_time_augmentation
