"""The walk of one image's shape through a network: what it costs, and what of the image it sees."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.judge.speed import Speed
from pellucid.language import tell
from pellucid.sections.section import Picture, Section, Table
from pellucid.spec.coverage import Coverage
from pellucid.spec.layers import times
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.words import counted, percent, size

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure
    from pellucid.plots.network import Block

TOTALS = ("parameters", "non_trainable", "multiply_adds")
FLOAT_BYTES = 4
KINDS = ("conv", "pool", "dense")
NOTABLE_BLIND_SHARE = 0.02  # that a training tells of


def shapes_section(spec: ModelSpec, networks: int = 1, speed: Speed | None = None) -> Section:
    """Each layer's output shape, parameters, multiply-adds and receptive field, and what they add up to.

    Args:
        spec: The network.
        networks: How many such networks answer by a vote; sizes and costs are those of one, but the speed.
        speed: How long all of them take to answer here, where that was measured.
    """
    layers, seen = [_layer(step) for step in spec.walk()], spec.coverage()
    head = {"input_shape": spec.input_shape, "classes": spec.classes, "shorthand": spec.to_shorthand()}
    costs = {name: sum(layer[name] for layer in layers) for name in TOTALS}
    costs["weights_bytes"] = costs["parameters"] * FLOAT_BYTES
    costs["peak_activation_bytes"] = max(layer["activation_bytes"] for layer in layers)
    rows = tuple(
        (
            layer["name"],
            times(layer["output_shape"]),
            f"{layer['parameters']:,}",
            f"{layer['multiply_adds']:,}",
            times(layer["receptive_field"]),
        )
        for layer in layers
    )
    measured = None if speed is None else dataclasses.asdict(speed)
    return Section(
        title=tell("Shapes through the network"),
        document={
            **head,
            "layers": layers,
            **costs,
            "networks": networks,
            "coverage": _coverage(seen),
            "speed": measured,
        },
        body=(
            _walk([spec.input_shape, *(layer["output_shape"] for layer in layers)]),
            Table(
                (tell("layer"), tell("output"), tell("parameters"), tell("multiply-adds"), tell("receptive field")),
                rows,
            ),
            "\n".join([*_costs(costs, networks), *([_speed(speed)] if speed else []), _seen(seen)]),
        ),
        pictures=(Picture("network", _in_words(spec), partial(_figure, spec)),),
        warnings=(_blind(seen),) if seen.blind_share else (),
    )


def blind_note(model: ModelSpec | FactorySpec) -> str | None:
    """What a training tells of a network that does not see a notable part of each image; None where all is well."""
    if isinstance(model, FactorySpec) or (seen := model.coverage()).blind_share <= NOTABLE_BLIND_SHARE:
        return None
    share = percent(seen.blind_share, 1)
    return f"the network is blind to {share} of each image: {seen.blind_to()} (pellucid shapes says why)"


def _layer(step: Any) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.layer.kind,
        "input_shape": step.input_shape,
        "output_shape": step.output_shape,
        "parameters": step.parameters,
        "non_trainable": step.non_trainable,
        "multiply_adds": step.multiply_adds,
        "activation_bytes": step.held_values * FLOAT_BYTES,
        "receptive_field": step.receptive_field,
    }


def _coverage(seen: Coverage) -> dict[str, Any]:
    return {
        "seen_share": seen.seen_share,
        "blind_share": seen.blind_share,
        "rows_seen": seen.rows,
        "columns_seen": seen.columns,
        "blind_layers": [
            {"name": name, "map": of_map, "rows_left_out": out[0], "columns_left_out": out[1]}
            for name, of_map, out in seen.blind_layers
        ],
    }


def _costs(costs: dict[str, int], networks: int) -> list[str]:
    tracked = tell(" ({count} of them tracked, not learned)", count=f"{costs['non_trainable']:,}")
    weights = tell(
        "{count} parameters{tracked}, {size} in fp32",
        count=f"{costs['parameters']:,}",
        tracked=tracked if costs["non_trainable"] else "",
        size=size(costs["weights_bytes"]),
    )
    vote = tell("{count} such networks vote: {count} times the parameters and multiply-adds", count=networks)
    return [
        weights,
        tell("{count} multiply-adds an image", count=f"{costs['multiply_adds']:,}"),
        tell("{size} of activations an image at the peak, in fp32", size=size(costs["peak_activation_bytes"])),
        *([vote] if networks > 1 else []),
    ]


def _seen(seen: Coverage) -> str:
    if not seen.blind_share:
        return tell("sees the whole image")
    return tell("sees {share} of the image", share=percent(seen.seen_share, 1))


def _blind(seen: Coverage) -> str:
    return tell(
        "No output of the network depends on {blind} of the image: {causes}. A larger window there sees it; so does"
        ' padding="same" where it is an edge.',
        blind=seen.blind_to(),
        causes=seen.causes(),
    )


def _speed(speed: Speed) -> str:
    return tell(
        "{alone} ms an image alone, {together} ms in batches of {size} ({machine}, {precision})",
        alone=f"{speed.alone_ms:.3g}",
        together=f"{speed.in_batch_ms:.3g}",
        size=speed.batch_size,
        machine=speed.device_name,
        precision=speed.precision,
    )


def _in_words(spec: ModelSpec) -> str:
    shapes = _walk([spec.input_shape, *(step.output_shape for step in spec.walk())])
    layers = counted(len(spec.walk()), "layer")
    return tell(
        "The network of {layers} as blocks, from the image to the classes: {shapes}.", layers=layers, shapes=shapes
    )


def _figure(spec: ModelSpec) -> Figure:
    from pellucid.plots.network import network_figure

    return network_figure(_blocks(spec))


def _blocks(spec: ModelSpec) -> list[Block]:
    """The shapes on the way; layers that leave the shape as it is stand with the one before."""
    from pellucid.plots.network import Block

    blocks = [Block(spec.input_shape, _shape(spec.input_shape), (tell("image"),), "image")]
    for step in spec.walk():
        last, words = blocks[-1], _words(step.layer)
        if step.output_shape == last.shape and not step.multiply_adds:
            blocks[-1] = dataclasses.replace(last, lines=(*last.lines, words))
        else:
            kind = next((kind for kind in KINDS if kind in step.layer.kind), "")
            blocks.append(Block(step.output_shape, _shape(step.output_shape), (words,), kind))
    return blocks


def _words(layer: Any) -> str:
    """A layer by its kind, the size of its window and its activation, in Keras's words."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    activation = getattr(layer, "activation", None)
    activation = None if activation == "linear" else activation
    kind = "" if layer.kind == "activation" else layer.kind
    return " ".join(filter(None, (kind, window and _shape(window), activation)))


def _shape(shape: tuple[int, ...]) -> str:
    return times(shape).replace("x", "\u00d7")


def _walk(shapes: list[tuple[int, ...]]) -> str:
    distinct = [shape for shape, before in zip(shapes, [None, *shapes], strict=False) if shape != before]
    return " \u2192 ".join(map(_shape, distinct))
