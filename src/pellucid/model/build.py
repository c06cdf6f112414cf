"""Specifications become torch modules here.

A built network takes float images in [0, 1], [batch, channels, height, width], and gives logits, [batch, classes]; a
final softmax of the specification is applied in prediction only. Every layer is a child module under the name that
`ModelSpec.walk` gives it, and every activation is a module of its own, so that a picture can act before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from pellucid.errors import DeviceError, Fault, SpecError
from pellucid.machine import memory_bytes
from pellucid.model.factory import build_from_factory, import_factory
from pellucid.model.modules import (
    AvgPool2dSame,
    BatchNorm,
    Conv2dSame,
    FlattenChannelsLast,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Margins,
    MaxPool2dSame,
)
from pellucid.model.vote import Vote
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
    Shape,
)
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.spec.seeds import derive_seed

LEAKY_SLOPE = 0.2  # Keras's
BYTES_OF_A_WEIGHT = 4
BYTES_OF_A_LAYER = 8_192  # of a module beside the values of its tensors, more or less
MOST_LAYERS = 100_000  # of all members of a vote, which take about a minute to be made
ACTIVATION_MODULES: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(LEAKY_SLOPE),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
}


def build(spec: ModelSpec | FactorySpec, seed: int = 0, vote: int = 1) -> nn.Module:
    """Make the network of a specification, with fresh weights.

    Args:
        spec: What to build.
        seed: The weights follow from it: Glorot-uniform kernels, zero biases. A factory makes its own weights, with
            torch's generator at this seed.
        vote: How many networks to make; above 1 they become the members of a `Vote`.

    Returns:
        A module that gives logits. Its parameters are float32 on the CPU.

    Raises:
        SpecError: A factory cannot be imported or called, or gives a module whose output does not fit; or the layers
            of a vote are too many.
        DeviceError: The weights alone need more memory than this machine has.

    Source for the weights: Glorot and Bengio 2010, AISTATS, equation 16.
    """
    if isinstance(spec, ModelSpec):
        if vote * len(spec.layers) > MOST_LAYERS:
            rule = f"The members of a vote must have at most {MOST_LAYERS:,} layers together"
            raise SpecError([Fault(rule, f"{vote:,} with {len(spec.layers):,} each", "Take fewer members.")])
        _require_memory(vote * (spec.parameters * BYTES_OF_A_WEIGHT + len(spec.layers) * BYTES_OF_A_LAYER))
    if vote > 1:
        return Vote.of(lambda own_seed: build(spec, own_seed), seed, vote)
    if isinstance(spec, FactorySpec):
        return build_from_factory(import_factory(spec.factory), spec, seed)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.random.fork_rng(devices=[]):  # torch fills its layers at once, from the caller's generator
        for step in spec.logits_only().walk():
            modules[step.name] = MODULES[type(step.layer)](step.layer, step.input_shape)
            activation = "linear" if isinstance(step.layer, Activation) else getattr(step.layer, "activation", "linear")
            if activation != "linear":
                modules[f"{step.name}_{activation}"] = ACTIVATION_MODULES[activation]()
    network = nn.Sequential(modules)
    _fill(network, torch.Generator().manual_seed(derive_seed(seed, "weights")))
    return network


def _require_memory(needed: int) -> None:
    """See that the machine has so many bytes of memory, before any of them is asked for."""
    there = memory_bytes()
    if there is not None and needed > there:
        rule = f"The network needs {needed / 2**20:,.0f} MiB of memory"
        raise DeviceError(f"{rule}; this machine has {there / 2**20:,.0f} MiB. Take a smaller network.")


def _conv(layer: Conv2D, shape: Shape) -> nn.Module:
    settings: dict[str, Any] = {"stride": layer.strides, "bias": layer.use_bias}
    sizes = (shape[2], layer.filters, layer.kernel_size)
    even, margins = _margins(layer, shape)
    return Conv2dSame(margins, *sizes, **settings) if margins else nn.Conv2d(*sizes, padding=even, **settings)


def _max_pool(layer: MaxPooling2D, shape: Shape) -> nn.Module:
    even, margins = _margins(layer, shape)
    sizes = (layer.pool_size, layer.strides)
    return MaxPool2dSame(margins, *sizes) if margins else nn.MaxPool2d(*sizes, padding=even)


def _average_pool(layer: AveragePooling2D, shape: Shape) -> nn.Module:
    even, margins = _margins(layer, shape)
    sizes = (layer.pool_size, layer.strides)
    if margins:
        return AvgPool2dSame(margins, (shape[0], shape[1]), *sizes)
    return nn.AvgPool2d(*sizes, padding=even, count_include_pad=False)


def _margins(layer: Conv2D | MaxPooling2D | AveragePooling2D, shape: Shape) -> tuple[tuple[int, int], Margins | None]:
    """Padding that torch can do itself, as (rows, columns), or else (left, right, top, bottom)."""
    rows, columns = layer.margins(shape)
    if rows[0] == rows[1] and columns[0] == columns[1]:
        return (rows[0], columns[0]), None
    return (0, 0), (*columns, *rows)


def _activation(layer: Activation, _: Shape) -> nn.Module:
    return nn.Identity() if layer.activation == "linear" else ACTIVATION_MODULES[layer.activation]()


MODULES: dict[type[Layer], Callable[[Any, Shape], nn.Module]] = {
    Conv2D: _conv,
    MaxPooling2D: _max_pool,
    AveragePooling2D: _average_pool,
    GlobalMaxPooling2D: lambda *_: GlobalMaxPool2d(),
    GlobalAveragePooling2D: lambda *_: GlobalAvgPool2d(),
    Flatten: lambda *_: FlattenChannelsLast(),
    Dense: lambda layer, shape: nn.Linear(shape[0], layer.units, bias=layer.use_bias),
    Activation: _activation,
    Dropout: lambda layer, _: nn.Dropout(layer.rate),
    BatchNormalization: lambda layer, shape: BatchNorm(shape[-1], layer.momentum, layer.epsilon),
}


def _fill(network: nn.Module, generator: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
