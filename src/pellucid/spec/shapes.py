"""The walk of shapes through a network: what each layer takes, gives, holds and costs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pellucid.errors import Fault
from pellucid.spec.layers import Conv2D, Dense, Layer, Shape, Unread, times


@dataclass(frozen=True)
class Step:
    """One layer in its place.

    Attributes:
        name: Kind and number among its kind, such as ``conv2d_2``; also the layer's name in the built module.
        layer: Kind and settings of the layer.
        input_shape: What the layer takes, for one image.
        output_shape: What the layer gives, for one image.
        parameters: Numbers that the layer holds, learned or tracked.
        non_trainable: Numbers that the layer tracks without learning them.
        multiply_adds: Multiply-adds for one image.
        held_values: Numbers in memory at once while the layer answers for one image: its input and its output.
        receptive_field: Height and width, in input pixels, of what one output value sees; padding counts as seen.
    """

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    parameters: int
    non_trainable: int
    multiply_adds: int
    held_values: int
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
                held_values=layer.held_values(shape),
                receptive_field=field,
            )
        )
        shape = layer.output_shape(shape)
    return steps


def find_faults(layers: Sequence[Layer | None], input_shape: Shape, classes: int | None = None) -> list[Fault]:
    """All that keeps the layers from making a classifier, with layer numbers.

    After a fault the walk goes on as if its remedy had been taken, so that each is reported once.

    Args:
        layers: The layers; `Unread` stands for one whose settings have faults, None for one of unknown kind.
        input_shape: (height, width, channels).
        classes: Number of classes of the data, or None when it is not known.
    """
    if not layers:
        return [Fault("A model must have layers", "none", "End it with Flatten and Dense.")]
    faults: list[Fault] = []
    shape: Shape | None = input_shape
    for number, layer in enumerate(layers, start=1):
        if layer is None or shape is None:  # what an unknown layer gives is not known, until a Dense layer says so
            shape = (layer.units,) if isinstance(layer, Dense) else None
            continue
        found = layer.faults(shape)
        faults += [dataclasses.replace(fault, layer=number, kind=layer.kind) for fault in found]
        shape = layer.assumed_shape(shape) if found else layer.output_shape(shape)
    if shape is not None and layers[-1] and not isinstance(layers[-1], Unread):
        faults += _output_faults(layers[-1], len(layers), shape, classes)
    faults += _activation_faults(layers)
    read = [layer for layer in layers if layer and not isinstance(layer, Unread)]
    if not faults and len(read) == len(layers) and not any(step.parameters for step in walk(read, input_shape)):
        faults.append(Fault("A model must have something to learn", "no parameters", "Add Dense or Conv2D."))
    return faults


def _output_faults(last: Layer, number: int, shape: Shape, classes: int | None) -> list[Fault]:
    """Whether there is one value for each class."""
    if len(shape) != 1:
        remedy = "End with Flatten or global pooling, and Dense."
        return [Fault("The output must be one value a class", f"maps of {times(shape)}", remedy, number, last.kind)]
    if classes is not None and shape[0] != classes:
        rule = f"The output must be one value for each of the {classes} classes"
        return [Fault(rule, str(shape[0]), f"Use Dense(units={classes}) last.", number, last.kind)]
    if shape[0] < 2:
        return [Fault("The output must be at least 2 classes", str(shape[0]), "", number, last.kind)]
    return []


def _activation_faults(layers: Sequence[Layer | None]) -> list[Fault]:
    """Whether what comes out is a softmax of the last layer, or logits.

    Training and prediction apply softmax themselves, so one that is hidden below other layers would be applied twice.
    """
    pooled = False
    for number, layer in reversed(list(enumerate(layers, start=1))):
        if layer is None or isinstance(layer, Unread):
            return []
        activation = getattr(layer, "activation", "linear")
        if activation == "softmax" and number < len(layers):
            return [Fault("softmax must be the last layer's", "", "Move it to the end.", number, layer.kind)]
        if activation not in {"softmax", "linear"} and not pooled:
            rule = "The last activation must be softmax, or linear for logits"
            return [Fault(rule, activation, "Use softmax.", number, layer.kind)]
        pooled = pooled or "pooling" in layer.kind
        passes_on = (
            pooled or layer.kind in {"dropout", "flatten"} or (layer.kind, activation) == ("activation", "linear")
        )
        if activation != "linear" or not passes_on or isinstance(layer, Dense | Conv2D):
            return []
    return []
