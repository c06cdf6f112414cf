"""When a run says "I don't know": what it learned of that from images that were held out in its training."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import safetensors.numpy
from numpy import ndarray
from safetensors import SafetensorError

from pellucid.arrays import Float32, Int64
from pellucid.errors import Fault, RunError, SettingError
from pellucid.judge.conformal import needed
from pellucid.judge.doubt import mahalanobis, msp
from pellucid.judge.gaussians import Gaussians

KEEP = 0.99
FOREIGN = "squared Mahalanobis distance to the nearest class, over what goes into each layer with weights"
DOUBTFUL = "what the greatest probability lacks to 1"
Kind = Literal["foreign", "doubtful"]


@dataclass(frozen=True)
class Limits:
    """The greatest scores at which an image is answered.

    Attributes:
        foreign: Of the distance of its features; None where features cannot be had of the network.
        doubtful: Of what the greatest probability lacks to 1.
        keep: Share of images like the held-out ones that is to be answered.
        promised: Share of them that is; less where the held-out ones are too few for the other.
        held_out: How many held-out images the limits are from.
    """

    foreign: float | None
    doubtful: float
    keep: float
    promised: float
    held_out: int


@dataclass(frozen=True, eq=False)
class Scores:
    """Doubt about some images.

    Attributes:
        foreign: Distance of its features, for each image; None where features cannot be had of the network.
        doubtful: What the greatest probability lacks to 1, for each image.
    """

    foreign: Float32[ndarray, " count"] | None
    doubtful: Float32[ndarray, " count"]

    def kinds(self, limits: Limits) -> list[Kind | None]:
        """Why each image is not answered; None where it is. What is foreign is not called doubtful as well."""
        foreign = np.zeros(len(self.doubtful), bool)
        if self.foreign is not None and limits.foreign is not None:
            foreign = ~(self.foreign <= limits.foreign)  # so that what is no number is foreign
        doubtful = self.doubtful > limits.doubtful
        return ["foreign" if far else "doubtful" if torn else None for far, torn in zip(foreign, doubtful, strict=True)]


@dataclass(frozen=True, eq=False)
class Doubts:
    """What a run knows of its own doubt.

    Attributes:
        classes: Where the features of each class lie; None where features cannot be had.
        held_out: Scores of images that were held out.
        lacking: What the probability of its own class lacks to 1, for each held-out image.
        labels: Class of each held-out image.
        answered: Class that each held-out image is answered with.
    """

    classes: Gaussians | None
    held_out: Scores
    lacking: Float32[ndarray, " count"]
    labels: Int64[ndarray, " count"]
    answered: Int64[ndarray, " count"]

    @classmethod
    def of(
        cls,
        classes: Gaussians | None,
        features: Float32[ndarray, "count features"],
        probabilities: Float32[ndarray, "count classes"],
        labels: Int64[ndarray, " count"],
    ) -> Doubts:
        """Learned from held-out images.

        Args:
            classes: Where the features of training images lie.
            features: Of the held-out images.
            probabilities: What was answered for them.
            labels: What they are.
        """
        lacking = 1 - probabilities[np.arange(len(labels)), labels]
        answered = probabilities.argmax(axis=1).astype(np.int64)
        return cls(classes, _scores(classes, features, msp(probabilities)), lacking, labels, answered)

    def scores(
        self, features: Float32[ndarray, "count features"] | None, doubtful: Float32[ndarray, " count"]
    ) -> Scores:
        """Doubt about images.

        Args:
            features: What the layers make of them; None where that cannot be had.
            doubtful: What the greatest probability lacks to 1; see `msp`.
        """
        return _scores(self.classes, features, doubtful)

    def limits(self, keep: float = KEEP) -> Limits:
        """Limits that leave a share of images like the held-out ones answered.

        Both kinds of doubt get the same share of what is refused: a held-out image counts by the greater of its two
        ranks, and the limit lies at the rank that as many images keep to as were asked for. Where there are two ranks
        it lies at the next one, since another image would move those of the held-out images by at most one.

        Args:
            keep: The share, above 0 and below 1.

        Raises:
            SettingError: The share is out of range.
        """
        require_share("keep", keep)
        scores, ranks = self._ranked
        greatest, count = np.sort(np.max(ranks, axis=0)), len(self.labels)
        place = min(needed(count, keep), count)
        level = greatest[place - 1] + len(scores) - 1
        found = [float(each[rank <= level].max(initial=-np.inf)) for each, rank in zip(scores, ranks, strict=True)]
        foreign = found[0] if len(found) > 1 else None
        most = 1 - len(scores) / (count + 1)  # another image is beyond the greatest of each score once in count + 1
        return Limits(foreign, found[-1], keep, max(0.0, min(keep, most)), count)

    @cached_property
    def _ranked(self) -> tuple[list[Float32[ndarray, " count"]], list[Int64[ndarray, " count"]]]:
        """The scores of held-out images, and the rank of each image in them; kept for many questions."""
        scores = [each for each in (self.held_out.foreign, self.held_out.doubtful) if each is not None]
        return scores, [np.searchsorted(np.sort(each), each, side="right") for each in scores]

    def without_features(self) -> Doubts:
        """The same for who has probabilities alone: the limits stay as they are, and nothing is told to be foreign."""
        return replace(self, classes=None)

    def to_bytes(self) -> bytes:
        """The whole as a file of safetensors."""
        arrays = {} if self.classes is None else _arrays(self.classes)
        if self.held_out.foreign is not None:
            arrays["foreign"] = self.held_out.foreign
        numbers = {"labels": self.labels.astype(np.int32), "answered": self.answered.astype(np.int32)}
        arrays |= {"doubtful": self.held_out.doubtful, "lacking": self.lacking} | numbers
        return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in arrays.items()})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Doubts:
        """Read what `to_bytes` gave.

        Raises:
            RunError: It is something else.
        """
        try:
            arrays = safetensors.numpy.load(raw)
        except SafetensorError as error:
            raise RunError(f"It is not what Pellucid writes ({error}).") from None
        if not _fit_together(arrays):
            raise RunError("Its parts do not fit together.")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise RunError("It holds numbers that are not finite.")
        classes = None
        if "centre" in arrays:
            shared = {name: arrays[name] for name in ("centre", "deviation", "whitening", "means")}
            classes = Gaussians(**shared, factors=arrays.get("factors"))
        labels, answered = arrays["labels"].astype(np.int64), arrays["answered"].astype(np.int64)
        return cls(classes, Scores(arrays.get("foreign"), arrays["doubtful"]), arrays["lacking"], labels, answered)


def require_share(name: str, share: float) -> None:
    """See that a share is one that can be promised.

    Raises:
        SettingError: It is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise SettingError([Fault(f"{name} must be above 0 and below 1", f"{share:g}", "99% is 0.99.")])


def _scores(
    classes: Gaussians | None, features: Float32[ndarray, "count features"] | None, doubtful: Float32[ndarray, " count"]
) -> Scores:
    return Scores(None if classes is None or features is None else mahalanobis(features, classes), doubtful)


def _arrays(classes: Gaussians) -> dict[str, Any]:
    return {field.name: array for field in fields(classes) if (array := getattr(classes, field.name)) is not None}


def _fit_together(arrays: dict[str, Any]) -> bool:
    """Whether arrays of a file are those that `Doubts` writes, by name, kind and shape."""
    count = arrays["labels"].shape if "labels" in arrays else (0,)
    wanted = {"labels": (count, "i4"), "answered": (count, "i4"), "doubtful": (count, "f4"), "lacking": (count, "f4")}
    if "foreign" in arrays:
        wanted["foreign"] = (count, "f4")
    if "centre" in arrays and "means" in arrays:
        width, present = arrays["centre"].size, len(arrays["means"])
        wanted |= {"foreign": (count, "f4"), "centre": ((width,), "f4"), "deviation": ((width,), "f4")}
        wanted |= {"whitening": ((width, width), "f4"), "means": ((present, width), "f4")}
        if "factors" in arrays:
            wanted["factors"] = ((present, width * (width + 1) // 2), "f2")
    found = {name: (array.shape, array.dtype.str[1:]) for name, array in arrays.items()}
    return len(count) == 1 and count[0] > 0 and found == wanted
