"""What every layer of a network gives for an image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.interpret.feature_maps import LayerMaps
from pellucid.interpret.images import ChosenImage
from pellucid.interpret.layers import require_layer
from pellucid.sections.file_names import feature_maps_name
from pellucid.sections.origin import Origin
from pellucid.sections.section import Picture, Section, Table
from pellucid.text import printable, shortened
from pellucid.words import number, percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure


def feature_maps_section(
    layers: Sequence[LayerMaps],
    image: ChosenImage,
    class_names: Sequence[str],
    origin: Origin,
    layer: str | None = None,
) -> Section:
    """Figures of each layer's maps, and a picture of some of each, or of all of one.

    Args:
        layers: The image first, the probabilities last.
        image: Which image they are of.
        class_names: Name of each class.
        origin: Whose layers they are.
        layer: The layer to draw; None draws some maps of each.

    Raises:
        SettingError: There is no such layer.
    """
    by_name = {each.name: each for each in layers}
    if layer is not None:
        require_layer(layer, by_name)
    probabilities = layers[-1].values
    best = int(probabilities.argmax())
    answer = f"{shortened(class_names[best])} ({percent(float(probabilities[best]), 1)})"
    true_class = None if image.label is None else class_names[image.label]
    title = f"{printable(layer or 'Every layer')} for {shortened(image.description)}"
    title += f"{'' if true_class is None else f' (true class {shortened(true_class)})'}, answer {answer}"
    title += f". Run {origin.name}, seed {origin.seed}{origin.control(', before training (control)')}"
    rows = [_figures(each) for each in layers]
    return Section(
        title=title,
        document={
            "run": str(origin.path),
            "image": image.description,
            "untrained": origin.untrained,
            "true_class": true_class,
            "layers": rows,
            "probabilities": dict(zip(class_names, probabilities.tolist(), strict=True)),
        },
        body=(Table(("layer", "shape", "min", "max", "mean", "zero"), tuple(map(_cells, rows)), left=2),),
        pictures=(
            Picture(
                name=feature_maps_name(layer, image.description, origin.untrained),
                alternative_text=f"{title}. Maps in grey or, where zero is a middle, in colour.",
                draw=partial(_figure, layers, by_name[layer] if layer else None, title, class_names),
                numbers={each.name: each.values for each in layers},
            ),
        ),
        remarks=(f"answer {answer}",),
    )


def _figure(layers: Sequence[LayerMaps], layer: LayerMaps | None, title: str, class_names: Sequence[str]) -> Figure:
    from pellucid.plots.feature_maps import layer_grid, layer_walk

    if layer is None:
        return layer_walk(layers, title, class_names)
    return layer_grid(layer, layers[0].values, title, class_names)


def _figures(layer: LayerMaps) -> dict[str, Any]:
    values = layer.values
    return {
        "name": layer.name,
        "shape": list(values.shape),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "mean": float(values.mean()),
        "zero_share": float((values == 0).mean()),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    shape = "x".join(map(str, row["shape"]))
    figures = [number(row[key]) for key in ("minimum", "maximum", "mean")]
    return (row["name"], shape, *figures, percent(row["zero_share"], 1))
