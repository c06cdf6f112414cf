"""What each filter and each class is about: a picture that it answers most strongly, and the images that do so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray
from torch import Tensor, nn

from pellucid.batches.images import as_input
from pellucid.explore.sprite import CHANNELS, sprite
from pellucid.interpret.layers import layers_of, undisturbed, watched
from pellucid.interpret.maximize.ascent import maximize
from pellucid.interpret.maximize.targets import OUTPUT, Target, class_targets, map_shape
from pellucid.model.vote import members_of
from pellucid.spec.coverage import Field, field_of
from pellucid.spec.model import ModelSpec
from pellucid.trained.material import OnStep
from pellucid.trained.run import Run

STARTS, STEPS = 2, 48
MOST_WORK = 200_000_000_000  # multiply-adds of all pictures, about half a minute of a core
MOST_PIXELS = 400_000  # of the pictures of one layer
SMALL = 4  # side of what a filter sees, up to which a picture cannot be moved without losing it
STRONGEST = 8
GREY = 128  # of the picture of a filter that nothing moves
AT_ONCE = 100  # images


@dataclass(frozen=True)
class Unit:
    """The filters of a convolution, or the classes.

    Attributes:
        name: Of the layer in the page.
        targets: What is to be as great as can be: of a filter, what it gives in the middle of its map.
        field: The rows and columns of the image that this depends on.
    """

    name: str
    targets: list[Target]
    field: Field

    @property
    def layer(self) -> str:
        """What gives the answers."""
        return self.targets[0].layer

    @property
    def pixels(self) -> int:
        """Of all pictures."""
        return len(self.targets) * (self.field[0][1] - self.field[0][0]) * (self.field[1][1] - self.field[1][0])


def units_of(
    run: Run,
    images: UInt8[ndarray, "count height width channels"] | None,
    *,
    maximised: bool = True,
    on_step: OnStep | None = None,
) -> dict[str, Any]:
    """What is shown of each convolution's filters, by the name of the layer, and of the classes, by that of the last.

    Of a vote, the convolutions of its first network.

    Args:
        run: The run.
        images: Those that are in the page; None where there are none.
        maximised: Make pictures that maximise them, which takes long.
        on_step: Told how far that has come.
    """
    units = _units(run)
    strongest = _strongest(run, images, [unit.layer for unit in units if unit.layer != OUTPUT])
    pictured = _pictured(run, units, on_step) if maximised else {}
    return {
        unit.name: {"maximised": pictured.get(unit.name), "strongest": strongest.get(unit.layer, [])} for unit in units
    }


def _units(run: Run) -> list[Unit]:
    layers = layers_of(run.model)
    first = set(map(id, members_of(run.model)[0].modules()))
    names = [name for name, layer in layers.items() if isinstance(layer, nn.Conv2d) and id(layer) in first]
    last = [name for name, layer in layers.items() if any(True for _ in layer.parameters())][-1:]
    height, width, _ = run.record.input_shape
    classes = [Unit(name.split(".")[-1], class_targets(run), ((0, height), (0, width))) for name in last]
    return [*(_filters(run, name) for name in names), *classes]


def _filters(run: Run, name: str) -> Unit:
    filters, *size = map_shape(run.predictor, name)
    place = size[0] // 2, size[1] // 2
    model, (height, width, _) = run.record.model, run.record.input_shape
    field = ((0, height), (0, width))
    if isinstance(model, ModelSpec):
        steps = model.walk()
        number = [step.name for step in steps].index(name.split(".")[-1])
        field = field_of(steps[: number + 1], place)
    return Unit(name, [Target(f"{name} {number}", name, number, place) for number in range(filters)], field)


def _pictured(run: Run, units: Sequence[Unit], on_step: OnStep | None) -> dict[str, dict[str, Any]]:
    """Pictures of the units, as long as the work is not too much."""
    left = MOST_WORK if run.record.input_shape[2] in CHANNELS else 0
    each = 3 * getattr(run.record.model, "multiply_adds", 0) * run.record.train.vote * STARTS * STEPS
    found = {}
    for number, unit in enumerate(units):
        if on_step:
            on_step("pictures of filters", number, len(units))
        work = each * len(unit.targets)
        if work < left and unit.pixels <= MOST_PIXELS:
            found[unit.name] = sprite(_pictures(run, unit))
            left -= work
    return found


def _pictures(run: Run, unit: Unit) -> UInt8[ndarray, "units height width channels"]:
    """The part of the image that a unit sees, as it answers it most strongly."""
    (top, bottom), (left, right) = unit.field
    method = "raw" if max(bottom - top, right - left) <= SMALL else "constrained"
    found = maximize(run, unit.targets, method=method, starts=STARTS, steps=STEPS)
    best = found.images[np.arange(len(unit.targets)), found.best, top:bottom, left:right]
    pixels = np.rint(best * 255).astype(np.uint8)
    pixels[found.dead] = GREY
    return pixels


def _strongest(
    run: Run, images: UInt8[ndarray, "count height width channels"] | None, layers: Sequence[str]
) -> dict[str, list[list[int]]]:
    """Numbers of the images that each unit answers most, the strongest first, by layer."""
    if images is None or not len(images):
        return {}
    tops: dict[str, list[Float32[ndarray, "batch units"]]] = {name: [] for name in (*layers, OUTPUT)}
    with undisturbed(run.model), watched(run.model, layers) as seen, torch.inference_mode():
        for part in np.array_split(images, -(-len(images) // AT_ONCE)):
            logits = run.logits(as_input(torch.from_numpy(np.ascontiguousarray(part)).to(run.device)))
            for name in tops:
                tops[name].append(_greatest(logits if name == OUTPUT else seen[name]))
    return {name: _first(np.concatenate(own)) for name, own in tops.items()}


def _greatest(given: Tensor) -> Float32[ndarray, "batch units"]:
    """The greatest value of each map; of a vector its values."""
    return given.float().flatten(2).amax(dim=2).cpu().numpy() if given.dim() > 2 else given.float().cpu().numpy()


def _first(answers: Float32[ndarray, "count units"]) -> list[list[int]]:
    return np.argsort(-answers, axis=0, kind="stable")[:STRONGEST].T.tolist()
