"""Layers as nodes of an ONNX graph, with the semantics of `pellucid.model`: one function a layer, none needs torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from pellucid.errors import Fault, RunError, SpecError
from pellucid.spec.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Layer,
    MaxPooling2D,
    times,
)
from pellucid.spec.shapes import Step

LEAKY_SLOPE = 0.2  # Keras's
CHANNELS_FIRST, CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


@dataclass
class Graph:
    """A graph while it is put together. A value bears the name of the node that gives it.

    Attributes:
        weights: The weights of the network, by the names of their file.
        nodes: The nodes in the order in which they are computed.
        constants: What the nodes take besides, by name.
    """

    weights: Mapping[str, Shaped[ndarray, ...]]
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)

    def node(self, operator: str, name: str, *given: str, **attributes: Any) -> str:
        """Add a node that makes one value of others; the value's name comes back."""
        self.nodes.append(helper.make_node(operator, given, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: Any, kind: type[np.generic] = np.float32) -> str:
        """Add numbers, once; their name comes back."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, kind), name)
        return name

    def weight(self, name: str, *shape: int) -> str:
        """Add a weight of the network's; its name comes back.

        Raises:
            RunError: There is none of that name and shape, or its numbers are not finite.
        """
        found = self.weights.get(name)
        if found is None or found.shape != shape or found.dtype != np.float32:
            received = "none" if found is None else f"{found.dtype} {times(found.shape)}"
            raise RunError(f"The weights must hold {name}, float32 {times(shape)}; received {received}.")
        if not np.isfinite(found).all():
            raise RunError(f"The weights must be finite; received others in {name}. Train the run anew.")
        return self.constant(name, found)


@dataclass(frozen=True)
class Place:
    """Where in a graph a layer stands.

    Attributes:
        graph: The graph.
        step: The layer, with the shapes of what it takes and gives; its shapes have the channels last.
        given: The value that the layer takes; maps have the channels first.
        name: The value that it gives.
        prefix: What stands before the names of its weights.
    """

    graph: Graph
    step: Step
    given: str
    name: str
    prefix: str

    def node(self, operator: str, *further: str, **attributes: Any) -> None:
        """The layer as one node."""
        self.graph.node(operator, self.name, self.given, *further, **attributes)

    def weight(self, name: str, *shape: int) -> str:
        """A weight of the layer."""
        return self.graph.weight(f"{self.prefix}{self.step.name}.{name}", *shape)


def require_known(layers: Iterable[Layer], kinds: Iterable[type[Layer]], form: str) -> None:
    """See that a format can hold all layers of a network.

    Raises:
        SpecError: It cannot; all such layers are named.
    """
    known = set(kinds)
    faults = [
        Fault(f"{form} must be able to hold each layer", "one that it cannot hold", layer=number, kind=layer.kind)
        for number, layer in enumerate(layers, start=1)
        if type(layer) not in known
    ]
    if faults:
        raise SpecError(faults)


def activation(graph: Graph, function: str, given: str, name: str) -> str:
    """Apply a function to each value; the name of what it gives comes back."""
    if function == "gelu":  # exact, which ONNX has as one node only since version 20 of its operators
        scaled = graph.node("Mul", f"{name}/scaled", given, graph.constant("inverse_root_2", math.sqrt(0.5)))
        error = graph.node("Erf", f"{name}/erf", scaled)
        share = graph.node("Add", f"{name}/share", error, graph.constant("one", 1))
        half = graph.node("Mul", f"{name}/half", given, graph.constant("half", 0.5))
        return graph.node("Mul", name, half, share)
    if function == "silu":
        return graph.node("Mul", name, given, graph.node("Sigmoid", f"{name}/sigmoid", given))
    operator, attributes = ACTIVATIONS[function]
    return graph.node(operator, name, given, **attributes)


ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("Identity", {}),
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": LEAKY_SLOPE}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"axis": 1}),
}


def _window(place: Place) -> dict[str, Any]:
    """Size, stride and margins; an odd row or column of margin goes after, as in Keras."""
    layer, shape = place.step.layer, place.step.input_shape
    size, strides = layer.window(shape)
    (top, bottom), (left, right) = layer.margins(shape)
    return {"kernel_shape": size, "strides": strides, "pads": (top, left, bottom, right)}


def _conv(place: Place) -> None:
    layer: Any = place.step.layer
    kernel = place.weight("weight", layer.filters, place.step.input_shape[2], *layer.kernel_size)
    bias = [place.weight("bias", layer.filters)] if layer.use_bias else []
    place.node("Conv", kernel, *bias, **_window(place))


def _dense(place: Place) -> None:
    layer: Any = place.step.layer
    kernel = place.weight("weight", layer.units, place.step.input_shape[0])
    bias = [place.weight("bias", layer.units)] if layer.use_bias else []
    place.node("Gemm", kernel, *bias, transB=1)


def _batch_normalization(place: Place) -> None:
    layer: Any = place.step.layer
    names = ("weight", "bias", "running_mean", "running_var")
    place.node(
        "BatchNormalization",
        *(place.weight(name, place.step.input_shape[-1]) for name in names),
        epsilon=layer.epsilon,
    )


def _flatten(place: Place) -> None:
    """In Keras's order: height, width, channels."""
    if len(place.step.input_shape) == 1:
        place.node("Identity")
        return
    last = place.graph.node("Transpose", f"{place.name}/channels_last", place.given, perm=CHANNELS_LAST)
    place.graph.node("Flatten", place.name, last, axis=1)


def _activation(place: Place) -> None:
    layer: Any = place.step.layer
    activation(place.graph, layer.activation, place.given, place.name)


NODES: dict[type[Layer], Callable[[Place], None]] = {
    Conv2D: _conv,
    MaxPooling2D: lambda place: place.node("MaxPool", **_window(place)),
    AveragePooling2D: lambda place: place.node("AveragePool", count_include_pad=0, **_window(place)),
    GlobalMaxPooling2D: lambda place: place.node("ReduceMax", axes=(2, 3), keepdims=0),
    GlobalAveragePooling2D: lambda place: place.node("ReduceMean", axes=(2, 3), keepdims=0),
    Flatten: _flatten,
    Dense: _dense,
    Activation: _activation,
    Dropout: lambda place: place.node("Identity"),  # in prediction it passes its input on
    BatchNormalization: _batch_normalization,
}
