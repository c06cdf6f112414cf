"""Whether a picture looks like the data: measured against real images, since another network is no judge.

Pictures and images are blurred by 3x3 pixels, each channel loses its mean, and what is left is brought to length 1, so
that neither brightness nor tint makes two images alike. Then the cosine distance of a picture to its nearest training
image is held against that of real images which were held out, and the nearest images read the picture by a vote.
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
FLAT = 1e-3  # a shorter vector is of one single colour, but for rounding, and has no direction


@dataclass(frozen=True)
class Reference:
    """Real images to hold pictures against.

    Attributes:
        images: Training images, uint8, [count, height, width, channels].
        labels: Their classes, [count].
        class_names: Name of each class.
        points: The images, blurred, without their means, and at length 1, [count, values].
        distances: Cosine distances of held-out images to their nearest training image, rising, [held_out].
        own_distances: Of each held-out image, the distance to its nearest training image of its own class, [held_out].
        held_out_labels: The class of each held-out image, [held_out].
        read_right: Share of the held-out images that the nearest images read as their class.
    """

    images: UInt8[ndarray, "count height width channels"]
    labels: Int64[ndarray, " count"]
    class_names: tuple[str, ...]
    points: Float[Tensor, "count values"]
    distances: Float[ndarray, " held_out"]
    own_distances: Float[ndarray, " held_out"]
    held_out_labels: Int64[ndarray, " held_out"]
    read_right: float

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
        class_distances: The same to the nearest one of each class; 2, the greatest, where a class has none.
        nearest: Which image of the reference is the nearest, [pictures].
        readings: The class that the five nearest images vote for, each with its cosine similarity, [pictures].
    """

    distances: Float[ndarray, " pictures"]
    class_distances: Float[ndarray, "pictures classes"]
    nearest: Int64[ndarray, " pictures"]
    readings: Int64[ndarray, " pictures"]

    def within(self, reference: Reference) -> float:
        """Share of the pictures that are as near to a training image as 95% of the held-out images are."""
        return float((self.distances <= reference.limit).mean())

    def distances_to(self, classes: Int64[ndarray, " pictures"]) -> Float[ndarray, " pictures"]:
        """Distance of each picture to the nearest training image of a class."""
        return self.class_distances[np.arange(len(classes)), classes]


def reference_of(sample: Sample) -> Reference:
    """Measure how far held-out images of a run lie from its training images.

    Args:
        sample: Images of the run; none is of its test split.
    """
    train, labels = sample.train, sample.held_out.labels
    points = _points(reduced(train.images))
    found = _judged(_points(reduced(sample.held_out.images)), points, train.labels, len(train.class_names))
    return Reference(
        images=train.images,
        labels=train.labels,
        class_names=train.class_names,
        points=points,
        distances=np.sort(found.distances),
        own_distances=found.distances_to(labels),
        held_out_labels=labels,
        read_right=float((found.readings == labels).mean()),
    )


def legibility(pictures: Shaped[ndarray, "pictures height width channels"], reference: Reference) -> Legibility:
    """Hold pictures against real images.

    Args:
        pictures: Floats in [0, 1].
        reference: Real images of the run whose pictures they are.

    Returns:
        A picture of one single colour has no direction: its distance is 1.

    Source: for nearest neighbours as judges of generated pictures, Theis et al. 2015, arXiv:1511.01844, section 3.
    """
    floats = torch.from_numpy(np.ascontiguousarray(pictures, np.float32)).permute(0, 3, 1, 2)
    return _judged(_points(reduced_tensor(floats)), reference.points, reference.labels, len(reference.class_names))


def _judged(
    points: Float[Tensor, "pictures values"],
    real: Float[Tensor, "count values"],
    labels: Int64[ndarray, " count"],
    classes: int,
) -> Legibility:
    label = torch.from_numpy(labels)
    parts: list[tuple[Tensor, ...]] = []
    for rows in points.split(ROWS_AT_ONCE):
        similarities = rows @ real.T
        best, nearest = similarities.topk(min(NEIGHBOURS, len(real)), dim=1)
        votes = torch.zeros(len(rows), classes).scatter_add_(1, label[nearest], best.clamp(min=0))
        each = torch.full((len(rows), classes), -1.0)
        each.scatter_reduce_(1, label.expand(len(rows), -1), similarities, "amax")
        parts.append((1 - best[:, 0], 1 - each, nearest[:, 0], votes.argmax(1)))
    distances, class_distances, nearest, readings = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    return Legibility(distances.clip(0), class_distances.clip(0), nearest, readings)


def _points(images: Float[Tensor, "count channels height width"]) -> Float[Tensor, "count values"]:
    blurred = F.avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)  # no dark frame
    return F.normalize((blurred - blurred.mean(dim=(2, 3), keepdim=True)).flatten(1), dim=1, eps=FLAT)
