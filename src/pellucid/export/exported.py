"""An export as a classifier: images in, labelled answers out, by ONNX Runtime and without torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray
from typing_extensions import override

from pellucid.arrays import Float32, Shaped
from pellucid.errors import PellucidWarning, RunError
from pellucid.export.engine import Engine
from pellucid.export.folder import DOUBT, LABELS, PARITY, PROOF, ExportFolder
from pellucid.export.formats.table import Answering, format_of
from pellucid.export.interface import MODEL
from pellucid.judge.refusal import Doubts, Limits
from pellucid.names import user_path
from pellucid.predict.classifier import Classifier, Shown, TrainedOn
from pellucid.spec.image_reading import ImageReading, PlainReading
from pellucid.untrusted import parsed_json, trusting

if TYPE_CHECKING:
    from pellucid.export.parity import Parity
else:
    Parity = Any  # by pydantic, for which an answer does not wait

ONNX = ".onnx"


class Exported(Classifier):
    """A trained network in another format, which is as it was when it was proved.

    It answers as its run does, and says "I don't know" of images between two classes. It cannot tell images that are
    unlike anything trained on: for that the run looks into its layers.

    Attributes:
        path: The folder.
        engine: What answers.
        proved: Whether it is as it was when it was proved; False where no parity.json says what was.
    """

    no_doubts = (
        "this export has no answers for held-out images. Export a run anew that was trained with a validation split, or"
        " has learned of its doubt by: pellucid evaluate RUN."
    )

    def __init__(self, folder: ExportFolder, digests: Mapping[str, str] | None, model: str = MODEL) -> None:
        self.path: Path = folder.path
        self.proved = digests is not None
        self._folder, self._digests = folder, digests or {}
        self.engine = _engine_of(folder, digests, model)
        try:
            labels = parsed_json(folder.read(LABELS, digests).decode())
            self._class_names = tuple(map(str, labels["classes"]))
            height, width, channels = map(int, labels["input"]["shape"])
            self._own_reading = _reading(labels.get("reading") or {})
            self._trained_on = _trained_on(labels.get("trained_on"))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise RunError(f"{folder.path / LABELS} is not of an export of Pellucid's.") from None
        self._input_shape = height, width, channels
        if isinstance(self.engine, Engine) and not self.proved:
            self._require_fit(self.engine, model)

    @classmethod
    def load(cls, path: str | PathLike[str], *, trust: bool = False) -> Exported:
        """Load an export, and see that nothing that matters to its answers has changed since it was proved.

        Args:
            path: The folder; or its ``.onnx`` file, which may stand alone with its ``labels.json``.
            trust: Let code run that the folder holds, in the formats torch and c; anybody may have written it.

        Raises:
            RunError: A file is missing, damaged or has changed, or is code that is not trusted.
            PellucidError: ONNX Runtime or a compiler is not installed.

        Warns:
            PellucidWarning: No parity.json lies beside the file, so that nothing tells whether it is as it was.
        """
        place = user_path(path)
        if place.suffix.lower() != ONNX or place.is_dir():
            folder = ExportFolder(place)
            with trusting(trust):
                return cls(folder, folder.read_digests())
        folder = ExportFolder(place.parent)
        digests = folder.read_digests() if folder.has_parity else None
        loaded = cls(folder, digests, place.name)
        if not loaded.proved:
            told = f"{place} has no {PARITY} beside it: nothing tells whether it answers as its run does"
            warnings.warn(f"{told}.", PellucidWarning, stacklevel=2)
        return loaded

    def _require_fit(self, engine: Engine, model: str) -> None:
        """See that labels are of the network; where both were proved, they are.

        Raises:
            RunError: They are not.
        """
        count = len(self.class_names)
        if self.input_shape != engine.input_shape or engine.classes not in {None, count}:
            found = f"{count} classes and images of {'x'.join(map(str, self.input_shape))}"
            rule = f"{self.path / LABELS} must be of the network in {model}; received {found}"
            raise RunError(f"{rule}, which that one has not. Put the right one beside it.")

    @cached_property
    def parity(self) -> Parity:
        """What was proved.

        Raises:
            RunError: parity.json is missing, or not what Pellucid writes.
        """
        return self._folder.read_parity()

    @property
    @override
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the probabilities."""
        return self._class_names

    @property
    @override
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that it takes."""
        return self._input_shape

    @property
    @override
    def own_reading(self) -> ImageReading:
        """How image files were brought to the network's shape in the training."""
        return self._own_reading

    @property
    @override
    def trained_on(self) -> TrainedOn | None:
        """How bright the training images are; None in exports of earlier versions."""
        return self._trained_on

    @cached_property
    def _doubts(self) -> Doubts | None:
        if DOUBT not in self._digests:
            return None
        try:
            return Doubts.from_bytes(self._folder.read(DOUBT, self._digests)).without_features()
        except RunError as error:
            raise RunError(f"{self.path / DOUBT}: {error}") from None

    @property
    @override
    def doubts(self) -> Doubts | None:
        """What the run knew of its doubt, as far as probabilities tell it; None where it knew nothing.

        Raises:
            RunError: The file is missing, damaged or has changed.
        """
        return self._doubts

    @override
    def limits(self, keep: float | None = None) -> Limits | None:
        """The greatest doubt at which an image is answered: the run's own, of that which probabilities tell.

        Args:
            keep: As of `Classifier.limits`.

        Raises:
            SettingError: The share is not above 0 and below 1.
            RunError: What is known of doubt is missing or damaged; or a share is given, and nothing is known.
        """
        found = super().limits(keep)
        return found and replace(found, foreign=None)

    @override
    def probabilities(self, images: Shaped[ndarray, "count ..."]) -> Float32[ndarray, "count classes"]:
        """Probability of each class.

        Args:
            images: uint8, [count, height, width, channels], of the shape that the run was trained for.

        Raises:
            DataError: The images have another shape or type.
        """
        self._require_images(images)
        count, at_once = len(images), self.engine.at_once
        if 0 < count <= at_once:
            return self.engine.probabilities(images)
        parts = [self.engine.probabilities(images[start : start + at_once]) for start in range(0, count, at_once)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.class_names)), np.float32)

    def proof(self) -> dict[str, Shaped[ndarray, ...]] | None:
        """Held-out ``images``, the ``probabilities`` that the run gives them, and where accuracy is proved ``labels``.

        None where they were left out.

        Raises:
            RunError: They are missing, damaged or have changed.
        """
        if PROOF not in self._digests:
            return None
        import safetensors.numpy
        from safetensors import SafetensorError

        try:
            return safetensors.numpy.load(self._folder.read(PROOF, self._digests))
        except SafetensorError:
            raise RunError(f"{self.path / PROOF} is not of an export of Pellucid's.") from None


def _engine_of(folder: ExportFolder, digests: Mapping[str, str] | None, model: str) -> Answering:
    """What answers for the files of a format, which tell which one it is; for a model alone, ONNX Runtime.

    Raises:
        RunError: It is a format that this version does not know.
    """
    form = format_of(digests) if digests else None
    if form is None or MODEL in form.files:
        return Engine(folder.read(model, digests), folder.path / model)
    return form.module.load({name: folder.read(name, digests) for name in form.files}, folder.path)


def _trained_on(told: Any) -> TrainedOn | None:
    """How bright the training images are, as labels.json tells it.

    Raises:
        ValueError: It does not.
    """
    if told is None:
        return None
    look = told.get("look")
    shown = Shown(*(float(look[name]) for name in Shown._fields)) if look else None
    return TrainedOn(float(told["mean_brightness"]), shown)


def _reading(told: Any) -> ImageReading:
    """How images are read, as labels.json tells it.

    Raises:
        ValueError: A setting is none.
    """
    chosen = {name: value for name, value in told.items() if name in PlainReading._fields}
    if isinstance(value_range := chosen.get("value_range"), list):
        low, high = map(float, value_range)
        chosen["value_range"] = (low, high)
    reading = PlainReading(**chosen)
    if reading.fit not in {"stretch", "pad", "crop"} or not isinstance(reading.background, int):
        raise ValueError("no such reading")
    if not isinstance(reading.value_range, tuple) and reading.value_range not in {"auto", "full", "fractions"}:
        raise ValueError("no such range of values")
    return reading
