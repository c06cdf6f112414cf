"""The walk of one image's shape through a network: what it costs, and what of the image it sees."""

from __future__ import annotations

import dataclasses
from typing import Any

from pellucid.judge.speed import Speed
from pellucid.sections.section import Section, Table
from pellucid.spec.coverage import Coverage
from pellucid.spec.layers import times
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.words import percent, size

TOTALS = ("parameters", "non_trainable", "multiply_adds")
FLOAT_BYTES = 4
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
        title="Shapes through the network",
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
            Table(("layer", "output", "parameters", "multiply-adds", "receptive field"), rows),
            "\n".join([*_costs(costs, networks), *([_speed(speed)] if speed else []), _seen(seen)]),
        ),
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
    tracked = f" ({costs['non_trainable']:,} of them tracked, not learned)" if costs["non_trainable"] else ""
    vote = [f"{networks} such networks vote: {networks} times the parameters and multiply-adds"]
    return [
        f"{costs['parameters']:,} parameters{tracked}, {size(costs['weights_bytes'])} in fp32",
        f"{costs['multiply_adds']:,} multiply-adds an image",
        f"{size(costs['peak_activation_bytes'])} of activations an image at the peak, in fp32",
        *(vote if networks > 1 else []),
    ]


def _seen(seen: Coverage) -> str:
    return f"sees {percent(seen.seen_share, 1)} of the image" if seen.blind_share else "sees the whole image"


def _blind(seen: Coverage) -> str:
    return (
        f"No output of the network depends on {seen.blind_to()} of the image: {seen.causes()}."
        ' A larger window there sees it; so does padding="same" where it is an edge.'
    )


def _speed(speed: Speed) -> str:
    return (
        f"{speed.alone_ms:.3g} ms an image alone, {speed.in_batch_ms:.3g} ms in batches of {speed.batch_size}"
        f" ({speed.device_name}, {speed.precision})"
    )


def _walk(shapes: list[tuple[int, ...]]) -> str:
    distinct = [shape for shape, before in zip(shapes, [None, *shapes], strict=False) if shape != before]
    return " \u2192 ".join(times(shape).replace("x", "\u00d7") for shape in distinct)
