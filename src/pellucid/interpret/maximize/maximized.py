"""What came of an ascent, as plain arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

from pellucid.interpret.maximize.targets import Target

MANNERS = {"raw": "moved freely", "constrained": "L1 ink and total variation penalties, jitter, noise, blur"}


@dataclass(frozen=True)
class Maximized:
    """Pictures that were made to maximise targets.

    Attributes:
        targets: What each row of pictures maximises.
        images: The pictures in [0, 1], [targets, starts, height, width, channels], float32.
        activations: What each target is for its pictures, [targets, starts].
        history: What each target was at the beginning of each step, for the picture as the network saw it then,
            [steps, targets, starts].
        moved: Whether the target had a gradient at any step, [targets, starts]; a picture without is still the noise
            that it began as, and shows nothing.
        frames: Pictures on the way, uint8, [frames, targets, starts, height, width, channels].
        method: ``raw`` or ``constrained``.
        painter: How the pictures are written, with the prior from data if there is one.
        seed: The noise follows from it.
    """

    targets: tuple[Target, ...]
    images: Float[ndarray, "targets starts height width channels"]
    activations: Float[ndarray, "targets starts"]
    history: Float[ndarray, "steps targets starts"]
    moved: Bool[ndarray, "targets starts"]
    frames: UInt8[ndarray, "frames targets starts height width channels"]
    method: str
    painter: str
    seed: int

    @property
    def manner(self) -> str:
        """How the pictures were made, for their title."""
        return f"{self.painter}; {MANNERS[self.method]}"

    @property
    def best(self) -> list[int]:
        """For each target, the start with the greatest activation among those that moved."""
        return np.where(self.moved, self.activations, -np.inf).argmax(axis=1).tolist()

    @property
    def dead(self) -> list[int]:
        """Targets that had no gradient from any start: nothing can be shown of them."""
        return np.flatnonzero(~self.moved.any(axis=1)).tolist()


def join(parts: Sequence[Maximized], places: Sequence[int]) -> Maximized:
    """The targets of several batches as one.

    Args:
        parts: The batches, at least one.
        places: Where each target of each part in turn belongs in the whole.
    """

    def whole(name: str, axis: int) -> ndarray:
        return np.concatenate([getattr(part, name) for part in parts], axis=axis).take(order, axis=axis)

    order = np.argsort(places)
    targets = [target for part in parts for target in part.targets]
    rows = {name: whole(name, 0) for name in ("images", "activations", "moved")}
    steps = {name: whole(name, 1) for name in ("history", "frames")}
    return dataclasses.replace(parts[0], targets=tuple(targets[place] for place in order), **rows, **steps)
