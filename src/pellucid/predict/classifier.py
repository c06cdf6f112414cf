"""A trained classifier, whatever computes its probabilities: images in, labelled answers out. It needs no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from copy import copy
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypedDict, TypeVar, Unpack

import numpy as np
from numpy import ndarray

from pellucid.arrays import Float32, Shaped, UInt8
from pellucid.data.decode import read_image
from pellucid.data.to_answer import to_answer
from pellucid.errors import DataError, RunError
from pellucid.judge.doubt import msp
from pellucid.judge.refusal import KEEP, Doubts, Limits, require_share
from pellucid.predict.prediction import Prediction, predictions_of, with_sets
from pellucid.predict.stream import Answered, Pair, in_batches
from pellucid.spec.image_reading import ImageReading

Own = TypeVar("Own", bound="Classifier")


class Asking(TypedDict, total=False):
    """How a classifier is asked, as `Classifier.predict` takes it.

    Attributes:
        unknown: Whether it may say "I don't know"; True unless given.
        keep: Share of images like those trained on that is to be answered; 0.99 unless given.
        coverage: Give each answer a set of classes that holds the true one for this share of each class's images.
    """

    unknown: bool
    keep: float | None
    coverage: float | None


class Shown(NamedTuple):
    """What training images show on the whole, from 0 (black) to 1 (white); see `Look`."""

    brightness: float
    background: float
    drawn: float


class TrainedOn(NamedTuple):
    """How bright training images are.

    Attributes:
        brightness: Mean of all their values, from 0 (black) to 1.
        look: What they show; None where that is not recorded.
    """

    brightness: float
    look: Shown | None


class Classifier(ABC):
    """Answers about images by name, with what is doubted of them. What computes probabilities is a subclass's."""

    no_doubts: ClassVar[str]  # why there may be nothing that tells of doubt, as the end of a sentence
    _reading: ImageReading | None = None
    _limits: tuple[Doubts, float, Limits] | None = None  # as they were worked out last

    @property
    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the outputs."""

    @property
    @abstractmethod
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that the network takes."""

    @property
    @abstractmethod
    def own_reading(self) -> ImageReading:
        """How image files were brought to the network's shape in the training."""

    @property
    @abstractmethod
    def doubts(self) -> Doubts | None:
        """What is known of when to say "I don't know"; None where nothing is.

        Raises:
            RunError: Its file is missing or damaged.
        """

    @property
    @abstractmethod
    def trained_on(self) -> TrainedOn | None:
        """How bright the training images are; None where that is not recorded."""

    @property
    def keep(self) -> float:
        """Share of images like those trained on that is answered, unless another is asked for."""
        return KEEP

    @abstractmethod
    def probabilities(self, images: Shaped[ndarray, "count ..."]) -> Float32[ndarray, "count classes"]:
        """Probability of each class.

        Args:
            images: uint8, [count, height, width, channels], of the shape that the network was trained for.

        Raises:
            DataError: The images have another shape or type.
        """

    def with_features(
        self, images: Shaped[ndarray, "count ..."]
    ) -> tuple[Float32[ndarray, "count classes"], Float32[ndarray, "count features"] | None]:
        """Probability of each class, and what the layers make of the image itself; None where that cannot be had.

        Args:
            images: As `probabilities` takes them.

        Raises:
            DataError: The images have another shape or type.
        """
        return self.probabilities(images), None

    @property
    def reading(self) -> ImageReading:
        """How image files are brought to the network's shape: as in the training, or as `reading_by` said."""
        return self._reading or self.own_reading

    def reading_by(self: Own, **settings: Any) -> Own:
        """The same network, which reads files as in its training but for these settings of `ReadSpec`.

        Raises:
            SettingError: A setting breaks a rule.
        """
        from pellucid.spec.reading import ReadSpec  # by pydantic, which who sets nothing does not wait for

        own = self.reading
        names = ("fit", "background", "value_range", "label_column")
        other = copy(self)
        other._reading = ReadSpec(**{name: getattr(own, name) for name in names} | settings)
        return other

    def limits(self, keep: float | None = None) -> Limits | None:
        """The greatest doubt at which an image is answered; None where each is.

        Args:
            keep: Share of images like those trained on that is answered; the network's own unless given.

        Raises:
            SettingError: The share is not above 0 and below 1.
            RunError: What is known of doubt is missing or damaged; or a share is given, and nothing is known.
        """
        if keep is not None:
            require_share("keep", keep)
        doubts, share = self.doubts, self.keep if keep is None else keep
        if doubts is None:
            if keep is not None:
                raise RunError(f"keep cannot be set: {self.no_doubts}")
            return None
        if self._limits is None or self._limits[0] is not doubts or self._limits[1] != share:
            self._limits = doubts, share, doubts.limits(share)
        return self._limits[2]

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
            images: uint8, [count, height, width, channels], of the shape that the network was trained for.
            unknown: Whether the answer may be "I don't know"; see `Prediction`.
            keep: Share of images like those trained on that is to be answered; 0.99 unless given.
            coverage: Give each answer a set of classes that holds the true one for this share of each class's images.

        Raises:
            DataError: The images have another shape or type.
            SettingError: A share is not above 0 and below 1.
            RunError: The answers are no numbers, as the weights are far too large; or what is known of doubt is
                missing or damaged; or a set was asked for, and nothing is known.
        """
        limits = self.limits(keep) if unknown else None
        doubts = self.doubts if limits else None
        tells_foreign = doubts is not None and doubts.classes is not None
        said, features = self.with_features(images) if tells_foreign else (self.probabilities(images), None)
        if not np.isfinite(said).all():
            raise RunError("The network's answers must be finite, and are not: its weights are damaged. Train it anew.")
        scores = doubts.scores(features, msp(said)) if doubts else None
        answers = predictions_of(said, self.class_names, scores, limits)
        if coverage is None:
            return answers
        if self.doubts is None:
            raise RunError(f"coverage cannot be promised: {self.no_doubts}")
        return with_sets(answers, self.doubts, self.class_names, coverage)

    def predict_files(
        self, paths: Iterable[str | PathLike[str]], *, invert: bool = False, **how: Unpack[Asking]
    ) -> list[Prediction]:
        """The answer for each image of some files, brought to the network's shape; see `stream`.

        Args:
            paths: Image files, or whatever else `stream` takes.
            invert: Exchange dark and bright, as for dark ink on bright paper.
            how: As `predict` takes it.

        Raises:
            DataError: An image cannot be read.
            SettingError: A share is not above 0 and below 1.
            RunError: As `predict` raises it.
        """
        found = []
        for answered in self.stream(paths, invert=invert, **how):
            if answered.prediction is None:
                raise DataError(answered.fault)
            found.append(answered.prediction)
        return found

    def stream(
        self, paths: Iterable[str | PathLike[str]], *, invert: bool = False, **how: Unpack[Asking]
    ) -> Iterator[Answered]:
        """Answers for images one after another, of which no more are held than the network is asked about at once.

        Args:
            paths: Image files, folders of them, patterns such as ``scans/**/*.png``, tables (.csv, .tsv, .jsonl,
                .parquet) of paths or of pixels, arrays (.npy, .npz) and archives (.zip, .tar, …). They may come one at
                a time, as from a generator.
            invert: Exchange dark and bright, as for dark ink on bright paper.
            how: As `predict` takes it.

        Yields:
            The answer for each image, or what kept it from being read; in the order of the images.

        Raises:
            SettingError: A share is not above 0 and below 1.
            RunError: As `predict` raises it.
        """
        for batch in self.batches(paths, invert=invert, **how):
            yield from (Answered(image.name, image.number, answer, image.fault) for image, answer in batch)

    def batches(
        self, paths: Iterable[str | PathLike[str]], *, invert: bool = False, **how: Unpack[Asking]
    ) -> Iterator[list[Pair]]:
        """The same, some at a time, with the images themselves; see `stream`."""
        images = to_answer(paths, self.input_shape, self.reading, invert=invert)
        return in_batches(images, lambda pixels: self.predict(pixels, **how), self.input_shape)

    def read(self, path: Path, *, invert: bool = False) -> UInt8[ndarray, "height width channels"]:
        """An image file as the network takes it: its channels and size, and turned from dark to bright on demand."""
        return read_image(path, self.input_shape, self.reading, invert=invert)

    def _require_images(self, images: Shaped[ndarray, "count ..."]) -> None:
        if images.dtype != np.uint8 or images.shape[1:] != self.input_shape:
            wanted = ", ".join(map(str, self.input_shape))
            raise DataError(f"images must be uint8 [count, {wanted}]; received {images.dtype} {list(images.shape)}.")
