"""What is to be maximised: a class's logit, the mean of a filter's map, or one neuron, all before their activation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pellucid.data.classes import require_class
from pellucid.errors import Fault, RunError, SettingError
from pellucid.interpret.layers import layers_of, require_layer, undisturbed, watched
from pellucid.predict.predictor import Predictor
from pellucid.trained.run import Run, predictor_of

OUTPUT = "logits"  # stands for what the whole network gives


@dataclass(frozen=True)
class Target:
    """One number that the network computes from an image.

    Attributes:
        label: What the target is called on a picture.
        layer: The layer that gives it, or ``logits``.
        index: The class, filter or unit, from 0.
        place: (row, column) of one neuron in the filter's map; None for the mean of the whole map.
    """

    label: str
    layer: str
    index: int
    place: tuple[int, int] | None = None


def class_targets(run: Run | Predictor, classes: Iterable[str | int] | None = None) -> list[Target]:
    """The logits of classes.

    Args:
        run: The run, or its predictor alone.
        classes: Names or numbers; all classes unless given.

    Raises:
        SettingError: A class is unknown.
    """
    predictor = predictor_of(run)
    names = predictor.class_names
    numbers = range(len(names)) if classes is None else [require_class(name, names) for name in classes]
    return [Target(names[number], OUTPUT, number) for number in numbers]


def filter_targets(run: Run | Predictor, layer: str, filters: Iterable[int] | None = None) -> list[Target]:
    """The means of filters' maps in a convolution, or units of a dense layer, before the activation.

    Args:
        run: The run, or its predictor alone.
        layer: Name of the layer.
        filters: Numbers from 0; all unless given.

    Raises:
        SettingError: The layer or a filter is unknown.
    """
    predictor = predictor_of(run)
    shape = map_shape(predictor, layer)
    numbers = range(shape[0]) if filters is None else [_require(n, shape[0], layer, "filter") for n in filters]
    return [Target(f"{layer} {number}", layer, number) for number in numbers]


def neuron_target(run: Run | Predictor, layer: str, index: int, row: int, column: int) -> Target:
    """One neuron of a convolution, before the activation.

    Args:
        run: The run, or its predictor alone.
        layer: Name of the convolution.
        index: Number of the filter, from 0.
        row: Row in its map, from 0.
        column: Column in its map, from 0.

    Raises:
        SettingError: The layer is unknown or has no maps, or the filter or place is outside of it.
    """
    predictor = predictor_of(run)
    shape = map_shape(predictor, layer)
    if len(shape) != 3:
        rule = f"A neuron's place needs a convolution; {layer} gives {shape[0]} units without places"
        raise SettingError([Fault(rule, remedy=f"Use --layer {layer} --filter {index}.")])
    for what, number, size in zip(("filter", "row", "column"), (index, row, column), shape, strict=True):
        _require(number, size, layer, what)
    return Target(f"{layer} {index} at {row},{column}", layer, index, (row, column))


def map_shape(predictor: Predictor, layer: str) -> tuple[int, ...]:
    """What a convolution gives for one image, (filters, height, width), or a dense layer, (units,).

    Raises:
        SettingError: There is no such layer, or it is neither of the two.
        RunError: The layer gives neither maps nor one vector an image.
    """
    known = [name for name, module in layers_of(predictor.model).items() if isinstance(module, nn.Conv2d | nn.Linear)]
    require_layer(layer, known, "convolution or dense layer")
    height, width, channels = predictor.record.input_shape
    with undisturbed(predictor.model), watched(predictor.model, [layer]) as seen:
        predictor.logits(torch.zeros(1, channels, height, width, device=predictor.device))
    shape = tuple(seen[layer].shape[1:]) if layer in seen else ()
    if len(shape) not in (1, 3):
        raise RunError(f"{layer} must give maps or one vector an image; received {list(shape)}. Name another layer.")
    return shape


def answers(
    outputs: Mapping[str, Float[Tensor, "batch ..."]], targets: Sequence[Target], starts: int
) -> Float[Tensor, " batch"]:
    """What each picture's target is.

    Args:
        outputs: What the layers of the targets gave, by name.
        targets: The targets, each of which has ``starts`` rows of the batch in turn.
        starts: Pictures of each target.
    """
    groups: dict[tuple[str, bool], list[int]] = {}
    for row in range(len(targets) * starts):
        target = targets[row // starts]
        groups.setdefault((target.layer, target.place is not None), []).append(row)
    parts = []
    for (layer, _), rows in groups.items():
        # One look-up for all of a layer: a slice for each would fill whole maps with zeros on its way back.
        found = outputs[layer][rows, *_indices([targets[row // starts] for row in rows])].float()
        parts.append(found.flatten(1).mean(1) if found.dim() > 1 else found)
    order = torch.tensor([row for rows in groups.values() for row in rows]).argsort()
    return torch.cat(parts)[order]


def _indices(targets: Sequence[Target]) -> list[list[int]]:
    """Where the targets of one kind stand in what their layer gives for an image."""
    places = [target.place for target in targets if target.place]
    return [[target.index for target in targets], *([list(axis) for axis in zip(*places, strict=True)])]


def _require(number: int, size: int, layer: str, what: str) -> int:
    if not 0 <= number < size:
        raise SettingError([Fault(f"The {what} must be from 0 to {size - 1} in {layer}", str(number))])
    return number
