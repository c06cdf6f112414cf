"""Layers as calls of the functions in layers.c, with the semantics of `pellucid.model`: one function a layer.

Values lie as images do, with the channels last, so that a map needs no other order to be flattened. Kernels have
Keras's order, [height, width, channels, filters] and [inputs, units]: the innermost loop then goes over neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Shaped
from numpy import ndarray

from pellucid.errors import RunError
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

ACTIVATIONS = {"tanh": "hyperbolic_tangent"}  # what is called otherwise there, since C has a function of the name


@dataclass(frozen=True)
class Call:
    """A call of a function of layers.c.

    Attributes:
        function: Its name.
        constants: Numbers that it takes, by name, in the order of its arguments; None for those that there are not.
        sizes: What stands behind them, as C.
        gives: How many values it gives elsewhere; None where it changes those that it is given in place.
    """

    function: str
    constants: Mapping[str, Float32[ndarray, ...] | None] = field(default_factory=dict)
    sizes: str = ""
    gives: int | None = None


class Weights:
    """The weights of one layer, by name."""

    def __init__(self, weights: Mapping[str, Shaped[ndarray, ...]], prefix: str) -> None:
        self._weights, self._prefix = weights, prefix

    def get(self, name: str, *shape: int) -> Float32[ndarray, ...]:
        """One of them.

        Raises:
            RunError: There is none of that name and shape, or its numbers are not finite.
        """
        found = self._weights.get(f"{self._prefix}{name}")
        if found is None or found.shape != shape or found.dtype != np.float32 or not np.isfinite(found).all():
            received = "none" if found is None else f"{found.dtype} {times(found.shape)}"
            rule = f"The weights must hold {self._prefix}{name}, float32 {times(shape)}, all finite"
            raise RunError(f"{rule}; received {received}.")
        return found


def _window(step: Step) -> str:
    shape, out = step.input_shape, step.output_shape
    (rows, columns), (down, right) = step.layer.window(shape)
    (top, _), (left, _) = step.layer.margins(shape)
    out_height, out_width, filters = out if len(out) == 3 else (1, 1, *out)
    numbers = (*shape, out_height, out_width, filters, rows, columns, down, right, top, left)
    return f"(Window){{{', '.join(map(str, numbers))}}}"


def _conv(step: Step, weights: Weights) -> list[Call]:
    layer: Any = step.layer
    kernel = weights.get("weight", layer.filters, step.input_shape[2], *layer.kernel_size).transpose(2, 3, 1, 0)
    bias = weights.get("bias", layer.filters) if layer.use_bias else None
    return [Call("conv2d", {"kernel": kernel, "bias": bias}, _window(step), _count(step))]


def _dense(step: Step, weights: Weights) -> list[Call]:
    layer: Any = step.layer
    (inputs,) = step.input_shape
    kernel = weights.get("weight", layer.units, inputs).T
    bias = weights.get("bias", layer.units) if layer.use_bias else None
    return [Call("dense", {"kernel": kernel, "bias": bias}, f"{inputs}, {layer.units}", layer.units)]


def _batch_normalization(step: Step, weights: Weights) -> list[Call]:
    layer: Any = step.layer
    channels = step.input_shape[-1]
    names = ("weight", "bias", "running_mean", "running_var")
    gamma, beta, mean, variance = (weights.get(name, channels).astype(np.float64) for name in names)
    scale = gamma / np.sqrt(variance + layer.epsilon)
    constants = {"scale": scale.astype(np.float32), "offset": (beta - mean * scale).astype(np.float32)}
    return [Call("batch_norm", constants, f"{_count(step) // channels}, {channels}")]


def _pool(function: str) -> Callable[[Step, Weights], list[Call]]:
    return lambda step, _: [Call(function, {}, _window(step), _count(step))]


def _count(step: Step) -> int:
    return int(np.prod(step.output_shape))


CALLS: dict[type[Layer], Callable[[Step, Weights], list[Call]]] = {
    Conv2D: _conv,
    MaxPooling2D: _pool("max_pool"),
    AveragePooling2D: _pool("mean_pool"),
    GlobalMaxPooling2D: _pool("max_pool"),
    GlobalAveragePooling2D: _pool("mean_pool"),
    Flatten: lambda *_: [],
    Dense: _dense,
    Activation: lambda *_: [],  # each layer's own follows
    Dropout: lambda *_: [],
    BatchNormalization: _batch_normalization,
}


def calls_of(step: Step, weights: Weights) -> list[Call]:
    """What a layer comes to, with its activation.

    Raises:
        RunError: Its weights do not fit.
    """
    calls = CALLS[type(step.layer)](step, weights)
    function = getattr(step.layer, "activation", "linear")
    if function == "softmax":
        channels = step.output_shape[-1]
        calls.append(Call("softmax", {}, f"{_count(step) // channels}, {channels}"))
    elif function != "linear":
        calls.append(Call(ACTIVATIONS.get(function, function), {}, str(_count(step))))
    return calls
