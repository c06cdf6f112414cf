"""Models as one line of text: ``conv 32 3x3 relu, maxpool 2x2, flatten, dense 10 softmax``.

Layers are parted by commas. A layer is its word, then its sizes in Keras's order, then what differs from the default:
an activation, ``same``, ``stride 2``, ``nobias``, ``momentum 0.9``. ``input 28x28x1`` may stand first. Keras's own
names (``conv2d``, ``max_pooling2d``) serve as well, and an activation alone is an Activation layer.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pellucid.errors import Fault, unknown
from pellucid.spec.layers import ACTIVATIONS, LAYERS, Layer, times

WORDS = {
    "conv": "conv2d",
    "maxpool": "max_pooling2d",
    "avgpool": "average_pooling2d",
    "globalmaxpool": "global_max_pooling2d",
    "globalavgpool": "global_average_pooling2d",
    "flatten": "flatten",
    "dense": "dense",
    "dropout": "dropout",
    "batchnorm": "batch_normalization",
}
SIZES = {
    "conv2d": ("filters", "kernel_size"),
    "max_pooling2d": ("pool_size",),
    "average_pooling2d": ("pool_size",),
    "dense": ("units",),
    "dropout": ("rate",),
}
MARKS: dict[str, tuple[str, Any]] = {
    **{word: ("activation", word) for word in ACTIVATIONS},
    "valid": ("padding", "valid"),
    "same": ("padding", "same"),
    "bias": ("use_bias", True),
    "nobias": ("use_bias", False),
}
NAMED = {"stride": "strides", "strides": "strides", "momentum": "momentum", "epsilon": "epsilon"}
EMPTY: dict[str, Any] = {"kind": ""}  # told by identity: an empty place, whose fault the parser has named
KINDS = WORDS | {kind: kind for kind in LAYERS}


@dataclass
class Parsed:
    """What a line of shorthand says, before it is validated.

    Attributes:
        input_shape: (height, width, channels) when the line gives it.
        layers: Settings of each layer, not yet checked; `EMPTY` where there are none.
        faults: What could not be read.
    """

    input_shape: Any = None
    layers: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def parse(text: str) -> Parsed:
    """Read a line of shorthand; what cannot be read becomes a fault, never an exception."""
    parsed = Parsed()
    items = [item.split() for item in text.lower().split(",")]
    if items[0][:1] == ["input"]:
        sizes = items.pop(0)[1:]
        parsed.input_shape = _value(sizes[0]) if len(sizes) == 1 else sizes
    for number, words in enumerate(items, start=1):
        settings, faults = _layer(words, number)
        parsed.layers.append(settings)
        parsed.faults += faults
    return parsed


def write(layers: Sequence[Layer], input_shape: Sequence[int] | None = None) -> str:
    """Write layers as one line that `parse` reads back to equal layers."""
    head = [f"input {times(tuple(input_shape))}"] if input_shape else []
    return ", ".join(head + [_write_layer(layer) for layer in layers])


def _layer(words: list[str], number: int) -> tuple[dict[str, Any], list[Fault]]:
    if not words:
        return EMPTY, [Fault("A layer must stand between two commas", "nothing", "Remove the comma.", number)]
    if words[0] in ACTIVATIONS and len(words) == 1:
        return {"kind": "activation", "activation": words[0]}, []
    kind = KINDS.get(words[0], words[0])
    if kind not in LAYERS:
        return {"kind": kind}, []  # found unknown when the layer is made
    settings: dict[str, Any] = {"kind": kind}
    faults, sizes, rest = [], list(SIZES.get(kind, ())), iter(words[1:])
    for word in rest:
        value = _value(word)
        if word in MARKS:
            name, value = MARKS[word]
        elif word in NAMED:
            name, value = NAMED[word], _value(next(rest, ""))
            if isinstance(value, str):
                faults.append(Fault(f"{word} must be followed by a number", repr(value), "", number, kind))
                continue
        elif not isinstance(value, str) and sizes:
            name = sizes.pop(0)
        else:
            fault = unknown("word", word, [*MARKS, *NAMED])
            faults.append(dataclasses.replace(fault, layer=number, kind=kind))
            continue
        if name in settings:
            faults.append(Fault(f"{name} must be given once", repr(word), "", number, kind))
        settings[name] = value
    return settings, faults


def _value(word: str) -> Any:
    """A size, a number, or else the word itself."""
    if re.fullmatch(r"-?\d{1,9}(x-?\d{1,9})+", word):
        return tuple(int(size) for size in word.split("x"))
    if re.fullmatch(r"-?\d{1,9}", word):
        return int(word)
    try:
        return float(word)
    except ValueError:
        return word


def _write_layer(layer: Layer) -> str:
    if layer.kind == "activation":
        return str(getattr(layer, "activation"))  # noqa: B009
    words = [next(short for short, kind in WORDS.items() if kind == layer.kind)]
    for name in layer.setting_names():
        value = getattr(layer, name)
        if name in SIZES.get(layer.kind, ()):
            words.append(_write_value(value))
        elif not layer.is_default(name):
            mark = next((word for word, meant in MARKS.items() if meant == (name, value)), None)
            words += [mark] if mark else [name.removesuffix("s"), _write_value(value)]
    return " ".join(words)


def _write_value(value: Any) -> str:
    return times(value) if isinstance(value, tuple) else repr(value)
