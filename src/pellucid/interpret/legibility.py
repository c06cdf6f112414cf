"""Whether a picture looks like the data: measured against real images, since another network is no judge.

Pictures and images are blurred by 3x3 pixels and brought to length 1. Then the cosine distance of a picture to its
nearest training image is held against that of real images which were held out, and the nearest images read the
picture by a vote.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int64, Shaped, UInt8
from numpy import ndarray
from torch import Tensor

from pellucid.trained.sample import Sample, reduced, reduced_tensor

NEIGHBOURS = 5
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Reference:
    """Real images to hold pictures against.

    Attributes:
        images: Training images, uint8, [count, height, width, channels].
        labels: Their classes, [count].
        class_names: Name of each class.
        points: The images, blurred and at length 1, [count, values].
        distances: Cosine distances of held-out images to their nearest training image, rising, [held_out].
    """

    images: UInt8[ndarray, "count height width channels"]
    labels: Int64[ndarray, " count"]
    class_names: tuple[str, ...]
    points: Float[Tensor, "count values"]
    distances: Float[ndarray, " held_out"]

    @property
    def median(self) -> float:
        """Median of the held-out images' distances."""
        return float(np.median(self.distances))

    @property
    def limit(self) -> float:
        """The 95th percentile of the held-out images' distances."""
        return float(np.percentile(self.distances, 95))


@dataclass(frozen=True)
class Legibility:
    """How pictures stand to real images.

    Attributes:
        distances: Cosine distance to the nearest training image, [pictures].
        nearest: Which image of the reference is the nearest, [pictures].
        readings: The class that the five nearest images vote for, each with its cosine similarity, [pictures].
    """

    distances: Float[ndarray, " pictures"]
    nearest: Int64[ndarray, " pictures"]
    readings: Int64[ndarray, " pictures"]

    def within(self, reference: Reference) -> float:
        """Share of the pictures that are as near to a training image as 95% of the held-out images are."""
        return float((self.distances <= reference.limit).mean())


def reference_of(sample: Sample) -> Reference:
    """Measure how far held-out images of a run lie from its training images.

    Args:
        sample: Images of the run; none is of its test split.
    """
    points = _points(reduced(sample.train.images))
    distances = [1 - (part @ points.T).amax(1) for part in _points(reduced(sample.held_out.images)).split(ROWS_AT_ONCE)]
    spread = np.sort(torch.cat(distances).clamp(min=0).numpy())
    return Reference(sample.train.images, sample.train.labels, sample.train.class_names, points, spread)


def legibility(pictures: Shaped[ndarray, "pictures height width channels"], reference: Reference) -> Legibility:
    """Hold pictures against real images.

    Args:
        pictures: Floats in [0, 1].
        reference: Real images of the run whose pictures they are.

    Returns:
        A picture that is black all over has no direction: its distance is 1.

    Source: for nearest neighbours as judges of generated pictures, Theis et al. 2015, arXiv:1511.01844, section 3.
    """
    floats = torch.from_numpy(np.ascontiguousarray(pictures, np.float32)).permute(0, 3, 1, 2)
    found = [_nearest(part, reference) for part in _points(reduced_tensor(floats)).split(ROWS_AT_ONCE)]
    distances, nearest, readings = (torch.cat(part).numpy() for part in zip(*found, strict=True))
    return Legibility(distances, nearest, readings)


def _nearest(points: Float[Tensor, "pictures values"], reference: Reference) -> tuple[Tensor, Tensor, Tensor]:
    similarities, rows = (points @ reference.points.T).topk(min(NEIGHBOURS, len(reference.points)), dim=1)
    votes = torch.zeros(len(points), len(reference.class_names))
    votes.scatter_add_(1, torch.from_numpy(reference.labels)[rows], similarities)
    return (1 - similarities[:, 0]).clamp(min=0), rows[:, 0], votes.argmax(1)


def _points(images: Float[Tensor, "count channels height width"]) -> Float[Tensor, "count values"]:
    blurred = F.avg_pool2d(images, 3, stride=1, padding=1)
    return F.normalize(blurred.flatten(1), dim=1)
