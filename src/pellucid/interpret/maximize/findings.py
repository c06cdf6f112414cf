"""What is shown of an ascent: the best picture of each target, and how all of its pictures stand to real images."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

from pellucid.interpret.legibility import Legibility, Reference, legibility
from pellucid.interpret.maximize.bar import Bar, shown_classes
from pellucid.interpret.maximize.maximized import Maximized
from pellucid.interpret.maximize.targets import Target


@dataclass(frozen=True)
class Nearest:
    """The training image nearest to a picture.

    Attributes:
        image: uint8, [height, width, channels].
        label: Name of the class of that image.
        distance: Cosine distance of the picture to that image.
        own_distance: That to the nearest image of the class that the picture is to show; None where that is no class.
        reading: Name of the class that the five nearest vote for.
        starred: Whether the picture is nearer than pictures come that know nothing of the data; see `Bar`.
    """

    image: UInt8[ndarray, "height width channels"]
    label: str
    distance: float
    own_distance: float | None
    reading: str
    starred: bool


@dataclass(frozen=True)
class Finding:
    """The picture of a target that is shown: of all starts, the one with the greatest activation.

    Attributes:
        target: What it maximises.
        method: ``raw`` or ``constrained``.
        start: Number of the start, from 0.
        image: The picture in [0, 1], [height, width, channels]; None when the target had no gradient from any start.
        activation: What the target is for the picture.
        nearest: The nearest training image; None when it is not known, or there is no picture.
    """

    target: Target
    method: str
    start: int
    image: Float[ndarray, "height width channels"] | None
    activation: float
    nearest: Nearest | None

    def row(self) -> dict[str, Any]:
        """The same without the images, for JSON."""
        near = self.nearest
        return dataclasses.asdict(self.target) | {
            "method": self.method,
            "dead": self.image is None,
            "start": self.start,
            "activation": self.activation,
            "distance": near.distance if near else None,
            "class_distance": near.own_distance if near else None,
            "nearest": near.label if near else None,
            "reading": near.reading if near else None,
            "starred": near.starred if near else None,
        }


@dataclass(frozen=True)
class Summary:
    """How all pictures of one method stand to real images, the dead ones left out.

    Attributes:
        pictures: How many pictures there are.
        median_distance: Median of the cosine distances to the nearest training image; None where they are not known.
        share_within: Share of the pictures within the 95th percentile of the held-out images' distances; None where
            distances are not known.
        share_starred: Share of the pictures that are starred; None where that was not asked.
        closest: Least distance of a picture to its nearest training image; None where distances are not known.
        read_right: How many pictures of classes the five nearest images read as that class; None where distances are
            not known, and where no target is a class.
        classes_read_right: How many classes have their picture that is shown read as that class; None where
            ``read_right`` is.
    """

    pictures: int
    median_distance: float | None = None
    share_within: float | None = None
    share_starred: float | None = None
    closest: float | None = None
    read_right: int | None = None
    classes_read_right: int | None = None


def findings_of(made: Maximized, reference: Reference | None, bar: Bar | None = None) -> tuple[list[Finding], Summary]:
    """Choose the pictures to show, and hold all of them against real images.

    Args:
        made: The pictures.
        reference: Real images of the run; None when they cannot be had.
        bar: How near a picture must be to be starred; without it none is.
    """
    judged = legibility(made.images.reshape(-1, *made.images.shape[2:]), reference) if reference else None
    classes, starred = shown_classes(made), np.zeros_like(made.moved)
    if bar and judged:
        starred = bar.starred(judged, classes).reshape(made.moved.shape)
    findings = []
    for row, (target, start) in enumerate(zip(made.targets, made.best, strict=True)):
        lives = row not in made.dead
        nearest = None
        if lives and judged and reference:
            own = None if classes is None else target.index
            nearest = _nearest(judged, reference, row * made.images.shape[1] + start, own, bool(starred[row, start]))
        image, activation = made.images[row, start] if lives else None, float(made.activations[row, start])
        findings.append(Finding(target, made.method, start, image, activation, nearest))
    return findings, _summary(made, judged, reference, starred if bar else None)


def _nearest(judged: Legibility, reference: Reference, picture: int, own: int | None, starred: bool) -> Nearest:
    row, names = int(judged.nearest[picture]), reference.class_names
    return Nearest(
        image=reference.images[row],
        label=names[reference.labels[row]],
        distance=float(judged.distances[picture]),
        own_distance=None if own is None else float(judged.class_distances[picture, own]),
        reading=names[judged.readings[picture]],
        starred=starred,
    )


def _summary(
    made: Maximized,
    judged: Legibility | None,
    reference: Reference | None,
    starred: Bool[ndarray, "targets starts"] | None,
) -> Summary:
    moved = made.moved.ravel()
    if judged is None or reference is None or not moved.any():
        return Summary(int(moved.sum()))
    distances = judged.distances[moved]
    read = dict[str, int]()
    if (wanted := shown_classes(made)) is not None:
        right = (judged.readings == wanted).reshape(made.moved.shape) & made.moved
        shown = right[np.arange(len(right)), made.best]
        read = {"read_right": int(right.sum()), "classes_read_right": int(shown.sum())}
    within = float((distances <= reference.limit).mean())
    share = None if starred is None else float(starred[made.moved].mean())
    return Summary(len(distances), float(np.median(distances)), within, share, float(distances.min()), **read)
