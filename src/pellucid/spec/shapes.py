"""The walk of shapes through a network: what each layer takes, gives, holds and costs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pellucid.errors import Fault
from pellucid.spec.layers import Layer, Shape, times


@dataclass(frozen=True)
class Step:
    """One layer in its place.

    Attributes:
        name: Kind and number among its kind, such as ``conv2d_2``; also the layer's name in the built module.
        layer: The layer.
        input_shape: What it takes, for one image.
        output_shape: What it gives.
        parameters: Numbers that it holds, learned or tracked.
        non_trainable: Those of them that are tracked.
        multiply_adds: Multiply-adds for one image.
        receptive_field: Height and width, in input pixels, of what one output value sees; padding counts as seen.
    """

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    parameters: int
    non_trainable: int
    multiply_adds: int
    receptive_field: tuple[int, int]


def walk(layers: Iterable[Layer], input_shape: Shape) -> list[Step]:
    """Follow one image's shape through layers without faults.

    Args:
        layers: The layers in order.
        input_shape: (height, width, channels).

    Source for the receptive field: Araujo, Norris, Sim 2019, "Computing receptive fields", Distill, equation 2.
    """
    steps, seen = [], Counter[str]()
    shape, field, jump = input_shape, (1, 1), (1, 1)
    for layer in layers:
        seen[layer.kind] += 1
        size, strides = layer.window(shape)
        field = (field[0] + (size[0] - 1) * jump[0], field[1] + (size[1] - 1) * jump[1])
        jump = (jump[0] * strides[0], jump[1] * strides[1])
        steps.append(
            Step(
                name=f"{layer.kind}_{seen[layer.kind]}",
                layer=layer,
                input_shape=shape,
                output_shape=layer.output_shape(shape),
                parameters=layer.parameters(shape),
                non_trainable=layer.non_trainable(shape),
                multiply_adds=layer.multiply_adds(shape),
                receptive_field=field,
            )
        )
        shape = layer.output_shape(shape)
    return steps


def find_faults(layers: Sequence[Layer | None], input_shape: Shape, classes: int | None = None) -> list[Fault]:
    """All that keeps the layers from making a classifier, with layer numbers.

    After a fault the walk goes on as if its remedy had been taken, so that each is reported once.

    Args:
        layers: The layers; None stands for one that could not be read, and is passed over.
        input_shape: (height, width, channels).
        classes: Number of classes of the data, or None when it is not known.
    """
    faults, shape = [], input_shape
    for number, layer in enumerate(layers, start=1):
        if layer is None:
            continue
        found = layer.faults(shape)
        faults += [dataclasses.replace(fault, layer=number, kind=layer.kind) for fault in found]
        shape = layer.assumed_shape(shape) if found else layer.output_shape(shape)
    if not layers:
        return [Fault("A model must have layers", "none", "End it with Flatten and Dense.")]
    if layers[-1] is None:
        return faults
    return faults + _head_faults(layers[-1], len(layers), shape, classes)


def _head_faults(last: Layer, number: int, shape: Shape, classes: int | None) -> list[Fault]:
    activation = getattr(last, "activation", "linear")
    faults = []
    if len(shape) != 1:
        remedy = "End with Flatten or global pooling, and Dense."
        faults.append(
            Fault("The output must be one value a class", f"maps of {times(shape)}", remedy, number, last.kind)
        )
    elif classes is not None and shape[0] != classes:
        rule = f"The output must be one value for each of the {classes} classes"
        faults.append(Fault(rule, str(shape[0]), f"Use Dense(units={classes}) last.", number, last.kind))
    elif shape[0] < 2:
        faults.append(Fault("The output must be at least 2 classes", str(shape[0]), "", number, last.kind))
    if activation not in {"softmax", "linear"}:
        rule = "The last activation must be softmax, or linear for logits"
        faults.append(Fault(rule, activation, "Use softmax.", number, last.kind))
    return faults
