"""How near to real images a picture must come for that to say something: nearer than pictures that know nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int64
from numpy import ndarray

from pellucid.data.spread import evenly_spread
from pellucid.interpret.legibility import Legibility, Reference, legibility
from pellucid.interpret.maximize.ascent import maximize, noise
from pellucid.interpret.maximize.maximized import Maximized
from pellucid.interpret.maximize.prior import DataPrior
from pellucid.interpret.maximize.targets import OUTPUT, Target
from pellucid.predict.predictor import Predictor

CHANCE_PERCENT = 1  # of the pictures that know nothing may be starred
REAL_PERCENT = 95  # of the held-out images may be
LEAST_SHARE = 0.05  # of the held-out images that must pass, or else nothing is starred
MOST_PICTURES = 80  # of the network before training, and as many of noise


@dataclass(frozen=True)
class Bar:
    """How near to a training image a picture must be to be starred; of a class, to an image of that class.

    Attributes:
        limits: The greatest such distance, for each class, or a single one for filters and neurons: 1% of the pictures
            that know nothing keep to it, or 95% of the held-out images where that is nearer.
        real: Share of the held-out images within the limits.
    """

    limits: Float[ndarray, " classes"]
    real: float

    @property
    def tells(self) -> bool:
        """Whether real images themselves come nearer than chance; otherwise nothing can be starred."""
        return self.real >= LEAST_SHARE

    def starred(self, judged: Legibility, classes: Int64[ndarray, " pictures"] | None) -> Bool[ndarray, " pictures"]:
        """Which pictures are near enough.

        Args:
            judged: The pictures, held against real images.
            classes: The class that each is to show; None for filters and neurons.
        """
        if classes is None:
            return (judged.distances <= self.limits[0]) & self.tells
        return (judged.distances_to(classes) <= self.limits[classes]) & self.tells


@dataclass(frozen=True)
class Ignorant:
    """Pictures that know nothing of the data.

    Attributes:
        made: Those of the network before training, in [0, 1].
        classes: The class that each of them is to show; None for filters and neurons.
        noise: What all pictures begin with, in [0, 1].
    """

    made: Float[ndarray, "made height width channels"]
    classes: Int64[ndarray, " made"] | None
    noise: Float[ndarray, "noise height width channels"]


def bar_of(ignorant: Ignorant, reference: Reference) -> Bar:
    """Measure how near pictures come that know nothing of the data, by the 1st percentile of their distances."""
    made, noise = legibility(ignorant.made, reference), legibility(ignorant.noise, reference)
    if ignorant.classes is None:
        chance = np.percentile(np.concatenate([made.distances, noise.distances]), CHANCE_PERCENT)
        limits = np.array([min(chance, reference.limit)])
        return Bar(limits, float((reference.distances <= limits[0]).mean()))
    own = made.distances_to(ignorant.classes)
    chance = np.percentile(own, CHANCE_PERCENT) if own.size else np.inf  # without a gradient nothing was made
    usual = np.percentile(reference.own_distances, REAL_PERCENT)
    limits = np.minimum(np.percentile(noise.class_distances, CHANCE_PERCENT, axis=0), min(chance, usual))
    return Bar(limits, float((reference.own_distances <= limits[reference.held_out_labels]).mean()))


def ignorant_pictures(
    control: Predictor,
    targets: Sequence[Target],
    method: str,
    prior: DataPrior | None,
    *,
    starts: int,
    steps: int,
    seed: int,
    on_step: Callable[[int, int], None] | None = None,
) -> Ignorant:
    """Make pictures that know nothing of the data, to judge others by.

    Args:
        control: The network before training.
        targets: What it is asked for, all of classes or none; some of them, evenly, where they are many.
        method: As the pictures are made that are judged by these; and so the rest.
        prior: As in `maximize`.
        starts: Pictures of each target.
        steps: Of the ascent.
        seed: From which the noise follows.
        on_step: Told how many steps are done, and how many there are.
    """
    some = [targets[place] for place in evenly_spread(len(targets), max(1, MOST_PICTURES // starts))]
    settings: dict[str, Any] = {"method": method, "prior": prior, "seed": seed}
    made = maximize(control, some, starts=starts, steps=steps, on_step=on_step, **settings)
    classes = shown_classes(made)
    kept = None if classes is None else classes[made.moved.ravel()]
    return Ignorant(made.images[made.moved], kept, noise(control, MOST_PICTURES, **settings))


def shown_classes(made: Maximized) -> Int64[ndarray, " pictures"] | None:
    """The class that each picture is to show, target by target; None where a target is no class."""
    if any(target.layer != OUTPUT for target in made.targets):
        return None
    return np.repeat([target.index for target in made.targets], made.images.shape[1])
