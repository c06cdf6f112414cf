"""A trained network as a function: images in, labelled probabilities out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import safetensors.torch
import torch
from jaxtyping import Float, Float32, Int64, Shaped, UInt8
from numpy import ndarray
from safetensors import SafetensorError
from torch import Tensor, nn

from pellucid.batches.images import DeviceImages, evaluation_batch_size
from pellucid.data.dataset import ImageDataset
from pellucid.data.decode import read_image
from pellucid.data.pixel_tables import read_for_answers
from pellucid.data.rows import CSV_SUFFIXES
from pellucid.device import choose_device, choose_precision, enough_memory, place
from pellucid.errors import DataError, RunError
from pellucid.judge.doubt import msp
from pellucid.judge.refusal import Doubts, Limits, require_share
from pellucid.machine import keep_freed_memory
from pellucid.model.build import build
from pellucid.model.trust import require_trust, trusting
from pellucid.names import user_path
from pellucid.predict.answer import answer, answers, probabilities
from pellucid.predict.features import tapped
from pellucid.predict.prediction import Prediction as Prediction
from pellucid.predict.prediction import predictions_of, with_sets
from pellucid.run.folder import DOUBT, WEIGHTS, RunFolder, require_whole
from pellucid.run.record import DoubtRecord, RunRecord
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.reading import ReadSpec

MOST_REASON = 300  # letters of what torch says, which names every weight


@dataclass(frozen=True, eq=False)
class Asked:
    """The images of one file that a network is asked about.

    Attributes:
        names: What each image is called.
        numbers: Number of each image in the file, from 1.
        images: uint8, [count, height, width, channels].
        faults: What kept other images of the file from being read.
    """

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    images: UInt8[ndarray, "count height width channels"]
    faults: tuple[str, ...] = ()


LEARNED_NOTHING = (
    "this run has no answers for held-out images. Train it with a validation split; one that an earlier version"
    " trained, or that was interrupted, learns them by: pellucid evaluate RUN."
)


class Asking(TypedDict, total=False):
    """How a run is asked, as `Predictor.predict` takes it.

    Attributes:
        unknown: Whether the run may say "I don't know"; True unless given.
        keep: Share of images like those trained on that is to be answered; 0.99 unless given.
        coverage: Give each answer a set of classes that holds the true one for this share of each class's images.
    """

    unknown: bool
    keep: float | None
    coverage: float | None


class Predictor:
    """A network with all that its answers need. It computes in fp32 unless it is told.

    Attributes:
        model: The network, which gives logits; its layers have the names of `ModelSpec.walk`.
        record: What run.json says of the training.
        device: The device that the network is on.
        precision: Precision of the activations.
        folder: Where it was loaded from; None for one that was not.
    """

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
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the outputs."""
        return self.record.data.class_names

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that the network takes."""
        return self.record.input_shape

    def with_fresh_weights(self, seed: int) -> Predictor:
        """The same network with the untrained weights that follow from a seed.

        Raises:
            SpecError: The network comes from a factory that cannot be imported here.
        """
        model = build(self.record.model, seed, self.record.train.vote)
        record = self.record.model_copy(update={"calibration": None, "doubt": None})  # which are of the trained weights
        return Predictor(model, record, self.device, self.precision)

    def reading_by(self, **settings: Any) -> Predictor:
        """The same network, which reads files as its run did but for these settings of `ReadSpec`.

        Raises:
            SettingError: A setting breaks a rule.
        """
        own = self.record.data.reading or ReadSpec(value_range="full")
        data = self.record.data.model_copy(update={"reading": own.replace(**settings)})
        other = copy(self)
        other.record = self.record.model_copy(update={"data": data})
        return other

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
        if images.dtype != np.uint8 or images.shape[1:] != self.input_shape:
            wanted = ", ".join(map(str, self.input_shape))
            raise DataError(f"images must be uint8 [count, {wanted}]; received {images.dtype} {list(images.shape)}.")
        test_time = None if alone else self._test_time
        return probabilities(self.model, images, self.device, test_time, self.precision, self.record.temperature)

    @property
    def doubts(self) -> Doubts | None:
        """What the run learned of when to say "I don't know"; read from its folder when it is first needed.

        None where it learned nothing of that: no images were held out in its training; or an earlier version trained it
        or it was interrupted, and it was not judged on its own data since.

        Raises:
            RunError: The file is missing or damaged.
        """
        if self._doubts is None and self.record.doubt and self.folder:
            self._doubts = _read_doubts(self.folder, self.record.doubt.sha256)
        return self._doubts

    def learn_doubts(self, doubts: Doubts, record: DoubtRecord) -> None:
        """Take what was learned of when to say "I don't know", and what run.json says of it."""
        self._doubts = doubts
        self.record = self.record.model_copy(update={"doubt": record})

    def with_features(
        self, images: Shaped[ndarray, "count ..."]
    ) -> tuple[Float32[ndarray, "count classes"], Float32[ndarray, "count features"]]:
        """Probability of each class, and what the layers make of the image itself; see `Tap`.

        Args:
            images: As `probabilities` takes them.

        Raises:
            DataError: The images have another shape or type.
        """
        said, heard = [self.probabilities(images[:0])], list[Float32[ndarray, "batch features"]]()
        with tapped(self.model) as tap:
            size = evaluation_batch_size(torch.empty(1, *self.input_shape, dtype=torch.uint8))
            for start in range(0, len(images), size):
                said.append(self.probabilities(images[start : start + size]))
                heard.append(tap.take(len(said[-1])))
        return np.concatenate(said), np.concatenate(heard) if heard else np.zeros((0, 0), np.float32)

    def limits(self, keep: float | None = None) -> Limits | None:
        """The greatest doubt at which the run answers; None where it always does.

        Args:
            keep: Share of images like those trained on that is answered; the run's own unless given.

        Raises:
            SettingError: The share is not above 0 and below 1.
            RunError: What the run knows of doubt is missing or damaged; or a share is given, and it knows nothing.
        """
        if keep is not None:
            require_share("keep", keep)
        if self.doubts is None or self.record.doubt is None:
            if keep is not None:
                raise RunError(f"keep cannot be set: {LEARNED_NOTHING}")
            return None
        return self.doubts.limits(self.record.doubt.keep if keep is None else keep)

    def predict(
        self,
        images: Shaped[ndarray, "count ..."],
        *,
        unknown: bool = True,
        keep: float | None = None,
        coverage: float | None = None,
    ) -> list[Prediction]:
        """The labelled answer for each image.

        Args:
            images: uint8, [count, height, width, channels], of the shape that the run was trained for.
            unknown: Whether the run may say "I don't know"; see `Prediction`.
            keep: Share of images like those trained on that is to be answered; 0.99 unless given.
            coverage: Give each answer a set of classes that holds the true one for this share of each class's images.

        Raises:
            DataError: The images have another shape or type.
            SettingError: A share is not above 0 and below 1.
            RunError: The answers are no numbers, as the weights are far too large; or what the run knows of doubt is
                missing or damaged; or a set was asked for, and it knows nothing.
        """
        limits = self.limits(keep) if unknown else None
        doubts = self.doubts if limits else None
        said, features = self.with_features(images) if doubts else (self.probabilities(images), None)
        if not np.isfinite(said).all():
            raise RunError("The network's answers must be finite, and are not: its weights are damaged. Train it anew.")
        scores = doubts.scores(features, msp(said)) if doubts and features is not None else None
        answers = predictions_of(said, self.class_names, scores, limits)
        if coverage is None:
            return answers
        if self.doubts is None:
            raise RunError(f"coverage cannot be promised: {LEARNED_NOTHING}")
        return with_sets(answers, self.doubts, self.class_names, coverage)

    def predict_files(
        self, paths: Sequence[str | PathLike[str]], *, invert: bool = False, **how: Unpack[Asking]
    ) -> list[Prediction]:
        """The answer for each image file, brought to the run's channels and size; for each row of a table of pixels.

        Args:
            paths: The files.
            invert: Exchange dark and bright, as for dark ink on bright paper.
            how: As `predict` takes it.

        Raises:
            DataError: A file, or a row, cannot be read.
            SettingError: A share is not above 0 and below 1.
            RunError: As `predict` raises it.
        """
        found = [self.read_all(user_path(path), invert=invert) for path in paths]
        if faults := [fault for asked in found for fault in asked.faults]:
            raise DataError(faults[0])
        return self.predict(np.concatenate([asked.images for asked in found]), **how) if found else []

    def read_all(self, path: Path, *, invert: bool = False) -> Asked:
        """The image of a file, or those of a table of pixels, as the network takes them.

        Raises:
            DataError: The file cannot be read, or a table's images have another shape.
        """
        if path.suffix.lower() not in CSV_SUFFIXES:
            return Asked((str(path),), (1,), self.read(path, invert=invert)[np.newaxis])
        rows = read_for_answers(path, self.input_shape, self.record.data.reading)
        images = 255 - rows.images if invert else rows.images
        faults = tuple(f"{fault.source}: {fault.reason}." for fault in rows.rejected)
        return Asked(tuple(rows.sources), tuple(rows.numbers), images, faults)

    def read(self, path: Path, *, invert: bool = False) -> UInt8[ndarray, "height width channels"]:
        """An image file as the network takes it: its channels and size, and turned from dark to bright on demand."""
        return read_image(path, self.record.input_shape, self.record.data.reading, invert=invert)

    @property
    def _test_time(self) -> AugmentSpec | None:
        return self.record.train.test_time_augmentation


def weights_in(folder: RunFolder) -> tuple[dict[str, Tensor], str]:
    """The weights of a run, by name, and the SHA-256 of their file.

    Raises:
        RunError: The file is missing or damaged.
    """
    raw = folder.read_bytes(WEIGHTS)
    try:
        return safetensors.torch.load(raw), hashlib.sha256(raw).hexdigest()
    except SafetensorError as error:
        raise RunError(f"{folder.path / WEIGHTS} is truncated or not safetensors ({error}).") from None


def _read_doubts(folder: RunFolder, told: str) -> Doubts:
    place, raw = folder.path / DOUBT, folder.read_bytes(DOUBT)
    remedy = "Bring the file back as it was, or ask without it (--no-unknown)."
    if hashlib.sha256(raw).hexdigest() != told:
        raise RunError(f"{place} has changed: its SHA-256 is another than run.json says. {remedy}")
    try:
        return Doubts.from_bytes(raw)
    except RunError as error:
        raise RunError(f"{place} is damaged: {error} {remedy}") from None


def load_weights(model: nn.Module, folder: RunFolder, told: str | None) -> None:
    """Give a network the weights of a run.

    Args:
        model: The network, on the CPU; it is changed in place.
        folder: The run's folder.
        told: SHA-256 of the weights' file as run.json says it; None in runs of earlier versions.

    Raises:
        RunError: The file is missing or damaged, or of another network.
    """
    weights, found = weights_in(folder)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:MOST_REASON]
        raise RunError(f"{folder.path / WEIGHTS} holds the weights of another network ({reason}).") from None
    for name, weight in model.state_dict().items():
        if weights[name].dtype != weight.dtype:
            raise RunError(
                f"{folder.path / WEIGHTS} must hold {weight.dtype} in {name}; it holds {weights[name].dtype}."
            )
        if weight.is_floating_point() and not weight.isfinite().all():
            raise RunError(f"{folder.path / WEIGHTS} holds numbers in {name} that are not finite.")
    require_whole(folder, told, found)
