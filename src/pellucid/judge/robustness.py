"""How accuracy falls as images get worse: the same images under graded corruptions."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy import ndarray

from pellucid.data.dataset import ImageDataset
from pellucid.judge.corruptions import CORRUPTIONS, Images, corrupted
from pellucid.judge.intervals import wilson_interval
from pellucid.record import OpenRecord
from pellucid.run.base import parsed
from pellucid.spec.augment import AugmentSpec

MOST_IMAGES, MOST_VALUES = 2_000, 25_000_000  # of a sample, unless it is told; 2,000 images of 64x64x3 have as many
CONFIDENCE = 0.95
Answer = Callable[[Images], Int64[ndarray, " count"]]


class Level(OpenRecord):
    """Accuracy at one severity.

    Attributes:
        severity: How strong the corruption is, in its unit.
        accuracy: Share of right answers.
        accuracy_interval: 95% Wilson interval of the accuracy.
        trained: Whether the training's own augmentation went as far, so that it is no surprise.
    """

    severity: float
    accuracy: float
    accuracy_interval: tuple[float, float]
    trained: bool = False


class Corrupted(OpenRecord):
    """Accuracy under one corruption.

    Attributes:
        name: The corruption.
        unit: What its severity counts.
        published: Its family in MNIST-C, in brackets where MNIST-C only considered it; empty for none.
        trained_to: Up to which severity the training's own augmentation varied images; 0 for not at all.
        levels: The severities, rising.
    """

    name: str
    unit: str
    published: str
    trained_to: float
    levels: tuple[Level, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy over the severities."""
        return math.fsum(level.accuracy for level in self.levels) / len(self.levels)


class Robustness(OpenRecord):
    """The whole of robustness.json.

    Attributes:
        data: Name of the data set.
        split: The split that the images are of.
        fingerprint: SHA-256 of the whole split's images and labels.
        precision: Precision of the network's activations.
        count: How many images were judged, at each severity the same.
        available: How many images the split has.
        classes: How many classes the network knows.
        seed: What was drawn for each image follows from it.
        accuracy: Share of right answers for the images as they are.
        accuracy_interval: 95% Wilson interval of that accuracy.
        mean: Mean accuracy over the corruptions, in which each counts alike, whatever its severities.
        mean_interval: 95% interval of that mean over images, by the normal distribution.
        corruptions: Each corruption.
        inverted: Whether dark and bright were exchanged beforehand.
    """

    data: str
    split: str
    fingerprint: str
    precision: str
    count: int
    available: int
    classes: int
    seed: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    mean: float
    mean_interval: tuple[float, float]
    corruptions: tuple[Corrupted, ...]
    inverted: bool = False

    def to_json(self) -> str:
        """The text of robustness.json."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, raw: bytes, path: Path) -> Robustness:
        """Read what `to_json` wrote. Keys that a later version adds are kept.

        Raises:
            RunError: The text is damaged, or is of something else.
        """
        return parsed(cls, raw, f"{path} is not a measurement of robustness of Pellucid's")


def usual_count(dataset: ImageDataset) -> int:
    """How many images are judged unless it is told: 2,000, fewer of large images, never more than there are."""
    return min(MOST_IMAGES, max(1, MOST_VALUES // dataset.images[0].size), len(dataset))


def robustness_of(
    sample: ImageDataset,
    answer: Answer,
    augmentation: AugmentSpec | None,
    *,
    seed: int = 0,
    on_step: Callable[[str], None] | None = None,
    **about: Any,
) -> Robustness:
    """Judge answers for images under each corruption at each severity.

    Args:
        sample: The images, with labels that count the network's classes.
        answer: Gives the index of the class that the network answers for each image.
        augmentation: How training images were varied; None for not at all.
        seed: What is drawn for each image follows from it.
        on_step: Told after each severity which corruption it was of.
        about: `data`, `split`, `fingerprint`, `precision`, `available` and `inverted` of the result.
    """
    spec = augmentation or AugmentSpec()
    as_they_are = answer(sample.images) == sample.labels
    found, shares = [], []
    for corruption in CORRUPTIONS.values():
        trained_to, levels, rights = float(corruption.trained_to(spec)), [], []
        for severity in corruption.severities:
            images = corrupted(sample.images, sample.image_hashes, corruption, severity, seed)
            rights.append(answer(images) == sample.labels)
            accuracy, interval = _share(rights[-1])
            trained = severity <= trained_to + 1e-9  # 100 * 0.07 is a little more than 7
            levels.append(Level(severity=severity, accuracy=accuracy, accuracy_interval=interval, trained=trained))
            if on_step:
                on_step(corruption.name)
        shares.append(np.mean(rights, axis=0))
        named = {"name": corruption.name, "unit": corruption.unit, "published": corruption.published}
        found.append(Corrupted(**named, trained_to=trained_to, levels=tuple(levels)))
    accuracy, interval = _share(as_they_are)
    mean, mean_interval = _mean(np.mean(shares, axis=0))
    return Robustness(
        count=len(sample),
        classes=len(sample.class_names),
        seed=seed,
        accuracy=accuracy,
        accuracy_interval=interval,
        mean=mean,
        mean_interval=mean_interval,
        corruptions=tuple(found),
        **about,
    )


def steps() -> int:
    """How many severities are measured in all."""
    return sum(len(corruption.severities) for corruption in CORRUPTIONS.values())


def _share(right: Bool[ndarray, " count"]) -> tuple[float, tuple[float, float]]:
    return float(right.mean()), wilson_interval(int(right.sum()), len(right), CONFIDENCE)


def _mean(shares: Float64[ndarray, " count"]) -> tuple[float, tuple[float, float]]:
    """The mean of a share for each image, and its interval over images; one image tells nothing of others.

    Where all shares are the same the interval is Wilson's, as they would seem certain otherwise.
    """
    mean = float(shares.mean())
    if len(shares) < 2:
        return mean, (0.0, 1.0)
    if (shares == shares[0]).all():
        return mean, wilson_interval(mean * len(shares), len(shares), CONFIDENCE)
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * float(shares.std(ddof=1)) / math.sqrt(len(shares))
    return mean, (max(0.0, mean - reach), min(1.0, mean + reach))
