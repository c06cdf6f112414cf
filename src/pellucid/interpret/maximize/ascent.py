"""Gradient ascent from noise to pictures that maximise targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from pellucid.device import enough_memory, repeatable
from pellucid.errors import Fault, SettingError, unknown
from pellucid.interpret.layers import undisturbed
from pellucid.interpret.maximize.climb import Climb
from pellucid.interpret.maximize.maximized import Maximized, join
from pellucid.interpret.maximize.paint import Painter, Pixels, Waves
from pellucid.interpret.maximize.prior import DataPrior
from pellucid.interpret.maximize.targets import Target
from pellucid.predict.predictor import Predictor
from pellucid.spec.seeds import derive_seed
from pellucid.trained.run import Run, predictor_of

METHODS = ("raw", "constrained")
STEPS, STARTS = 128, 8
MOST_VALUES = 1 << 21  # of pictures in a batch; the maps of a layer may hold a hundred times as many


def maximize(
    run: Run | Predictor,
    targets: Sequence[Target],
    *,
    method: str = "constrained",
    prior: DataPrior | None = None,
    starts: int = STARTS,
    steps: int = STEPS,
    seed: int = 0,
    frames: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> Maximized:
    """Make pictures that maximise targets, by gradient ascent from noise.

    ``raw`` moves pixels freely within [0, 1]. ``constrained`` holds them back: each step follows the target's gradient
    at length 1, less those of ink (L1) and of total variation; the network sees the picture shifted, noisy and at every
    other step blurred; and the picture is made of waves, long ones first, or of principal components with a prior.

    The picture of a target is the same whichever others are made with it, but for rounding.

    Args:
        run: The run, or its predictor alone; it is left as it was found.
        targets: What to maximise. Those of one layer go through the network in one batch, or in several where they are
            very many.
        method: ``raw`` or ``constrained``.
        prior: A prior from data, for ``constrained`` alone.
        starts: Pictures of each target, each from noise of its own.
        steps: How many steps the ascent takes.
        seed: The noise follows from it.
        frames: How many pictures to keep of the way, evenly over the steps.
        on_step: Told how many steps are done, and how many there are.

    Raises:
        SettingError: The method is unknown, there are no targets, or a number is below its least.
        RunError: The weights or the answers are not finite.
        DeviceError: The memory does not suffice.

    Source: Simonyan et al. 2013, arXiv:1312.6034, section 2; Mahendran and Vedaldi 2014, arXiv:1412.0035, for total
    variation; Olah et al. 2017, doi:10.23915/distill.00007, for jitter and waves.
    """
    predictor = predictor_of(run)
    _check(targets, method, prior, {"starts": (starts, 1), "steps": (steps, 1), "frames": (frames, 0)})
    painter = _painter(predictor, method, prior)
    most = max(1, MOST_VALUES // (starts * math.prod(predictor.record.input_shape)))
    batches = _batches(targets, most)
    shown = np.linspace(0, steps, frames + 1)[1:].round().astype(int).tolist()
    parts: list[Maximized] = []
    with undisturbed(predictor.model), enough_memory(), repeatable():
        for batch in batches:
            climb = Climb(predictor, [targets[place] for place in batch], painter, starts, seed)
            for step in range(steps):
                climb.step(step, steps)
                for _ in range(shown.count(step + 1)):
                    climb.keep_frame()
                if on_step:
                    on_step(len(parts) * steps + step + 1, len(batches) * steps)
            parts.append(climb.result())
    return join(parts, [place for batch in batches for place in batch])


def noise(
    run: Run | Predictor, count: int, *, method: str = "constrained", prior: DataPrior | None = None, seed: int = 0
) -> Float[ndarray, "count height width channels"]:
    """What an ascent begins with, as pictures in [0, 1].

    Args:
        run: The run, or its predictor alone.
        count: How many pictures.
        method: ``raw`` or ``constrained``.
        prior: A prior from data, for ``constrained`` alone.
        seed: The noise follows from it.
    """
    painter = _painter(predictor_of(run), method, prior)
    begun = painter.begin(count, torch.Generator().manual_seed(derive_seed(seed, "maximize start")))
    return painter.paint(begun).permute(0, 2, 3, 1).numpy()


def _painter(predictor: Predictor, method: str, prior: DataPrior | None) -> Painter:
    height, width, channels = predictor.record.input_shape
    shape = (channels, height, width)
    return Pixels(shape) if method == "raw" else prior or Waves(shape)


def _batches(targets: Sequence[Target], most: int) -> list[list[int]]:
    """Places of targets of the same layer, so that no gradient goes through layers that it need not."""
    places: dict[str, list[int]] = {}
    for place, target in enumerate(targets):
        places.setdefault(target.layer, []).append(place)
    return [own[first : first + most] for own in places.values() for first in range(0, len(own), most)]


def _check(
    targets: Sequence[Target], method: str, prior: DataPrior | None, least: Mapping[str, tuple[int, int]]
) -> None:
    faults = [
        Fault(f"{name} must be at least {bound}", str(number))
        for name, (number, bound) in least.items()
        if number < bound
    ]
    if method not in METHODS:
        faults.append(unknown("method", method, METHODS))
    if method == "raw" and prior is not None:
        faults.append(Fault("The raw method takes no prior", remedy="Leave it out, or use constrained."))
    if not targets:
        faults.append(Fault("There must be a target to maximise", remedy="Make some with class_targets."))
    if faults:
        raise SettingError(faults)
