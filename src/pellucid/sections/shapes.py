"""The walk of one image's shape through a network."""

from __future__ import annotations

from typing import Any

from pellucid.sections.section import Section, Table
from pellucid.spec.layers import times
from pellucid.spec.model import ModelSpec

TOTALS = ("parameters", "non_trainable", "multiply_adds")


def shapes_section(spec: ModelSpec) -> Section:
    """Each layer's output shape, parameters, multiply-adds and receptive field, and what they add up to."""
    layers = [_layer(step) for step in spec.walk()]
    totals = {name: sum(layer[name] for layer in layers) for name in TOTALS}
    head = {"input_shape": spec.input_shape, "classes": spec.classes, "shorthand": spec.to_shorthand()}
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
    tracked = f" ({totals['non_trainable']:,} of them tracked, not learned)" if totals["non_trainable"] else ""
    return Section(
        title="Shapes through the network",
        document={**head, "layers": layers, **totals},
        body=(
            _walk([spec.input_shape, *(layer["output_shape"] for layer in layers)]),
            Table(("layer", "output", "parameters", "multiply-adds", "receptive field"), rows),
            f"{totals['parameters']:,} parameters{tracked}\n{totals['multiply_adds']:,} multiply-adds an image",
        ),
    )


def _layer(step: Any) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.layer.kind,
        "input_shape": step.input_shape,
        "output_shape": step.output_shape,
        "parameters": step.parameters,
        "non_trainable": step.non_trainable,
        "multiply_adds": step.multiply_adds,
        "receptive_field": step.receptive_field,
    }


def _walk(shapes: list[tuple[int, ...]]) -> str:
    distinct = [shape for shape, before in zip(shapes, [None, *shapes], strict=False) if shape != before]
    return " \u2192 ".join(times(shape).replace("x", "\u00d7") for shape in distinct)
