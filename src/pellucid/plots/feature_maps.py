"""What every layer gives for one image: a row a layer, or all maps of one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from pellucid.plots.figures import Figure
from pellucid.plots.sheet import MARGIN, Scale, Sheet
from pellucid.text import columns, shortened

MOST_LAYERS, MOST_MAPS, MOST_BARS = 60, 12, 20
MOST_IN_A_LINE = 128  # values of a vector that stand side by side
WIDTH, LEFT, RIGHT, GAP = 11.0, 2.3, 0.8, 0.05  # inches
LONG_NAME = 14  # columns of a class that are written
POSITIVE, NEGATIVE = "#B2182B", "#2166AC"  # the ends of the colour scale
NOTES = (
    "Red is above zero, blue below, white at zero; each layer has a scale of its own, shown to its right.",
    "Maps of a convolution are those before its activation.",
)


class Layer(Protocol):
    """What is drawn of a layer: values are [height, width, channels] of maps, or [units]."""

    @property
    def name(self) -> str:
        """Name of the layer."""
        ...

    @property
    def values(self) -> Any:
        """What the layer gives."""
        ...

    @property
    def signed(self) -> bool:
        """Whether zero is in the middle of the layer's scale."""
        ...

    @property
    def per_class(self) -> bool:
        """Whether there is one value a class."""
        ...


def layer_walk(layers: Sequence[Layer], title: str, class_names: Sequence[str]) -> Figure:
    """Each layer as a row, from the image to the probabilities: its name and shape, its maps, its scale.

    The first 12 maps of a layer are drawn, and the row says how many are hidden. A long vector is a strip of squares,
    a short one bars.

    Args:
        layers: The image first, the probabilities last.
        title: Which image of which run.
        class_names: Names for the values that stand one a class.
    """
    notes: list[str] = [*NOTES]
    if hidden := max(0, len(layers) - MOST_LAYERS):
        notes.append(f"{hidden} layers in the middle are in the .npz file only.")
        layers = [*layers[: MOST_LAYERS - 2], *layers[-2:]]
    heights = [_height(layer, class_names, is_image=not number) for number, layer in enumerate(layers)]
    sheet = Sheet(WIDTH, sum(heights) + 0.1, title, notes)
    top = 0.1
    for number, (layer, height) in enumerate(zip(layers, heights, strict=True)):
        _row(sheet, layer, top, height, class_names, is_image=not number)
        top += height
    return sheet.figure


def layer_grid(layer: Layer, image: Any, title: str, class_names: Sequence[str]) -> Figure:
    """All maps of one layer, numbered, beside the image.

    Args:
        layer: What the layer gives; a vector is drawn as in the walk.
        image: [height, width, channels], in [0, 1].
        title: Which layer, image and run.
        class_names: Names for the values that stand one a class.
    """
    if layer.values.ndim not in {2, 3}:
        height = _height(layer, class_names, is_image=False)
        sheet = Sheet(WIDTH, max(height, 1.6), title, NOTES[:1])
        _row(sheet, layer, 0.1, height, class_names, is_image=False)
        return sheet.figure
    maps = _maps(layer)
    columns = max(1, min(len(maps), 8 if len(maps) <= 64 else 12))
    room = WIDTH - LEFT - RIGHT
    side = min(room / columns - 0.1, 1.3)
    tall = _tall(maps, side)
    rows = -(-len(maps) // columns)
    sheet = Sheet(WIDTH, max(rows * (tall + 0.22), 1.8) + 0.15, title, NOTES[:1])
    _image(sheet, image, MARGIN, 0.1, 1.4)
    sheet.write("the image", MARGIN + 0.7, 0.13 + _tall(image[None, ..., 0], 1.4))
    scale = _scale(layer)
    for number, values in enumerate(maps):
        x, y = LEFT + number % columns * (side + 0.1), 0.1 + number // columns * (tall + 0.22)
        sheet.stamp(values, scale, x, y, side, tall)
        sheet.write(str(number), x + side / 2, y + tall + 0.01, size=7)
    sheet.bar(scale, WIDTH - RIGHT + 0.1, 0.1, 1.4, "value")
    return sheet.figure


def _row(sheet: Sheet, layer: Layer, top: float, height: float, class_names: Sequence[str], *, is_image: bool) -> None:
    _name(sheet, layer, top, is_image)
    x, room, used = LEFT, WIDTH - LEFT - RIGHT, height - 0.16
    scale = _scale(layer)
    if is_image:
        _image(sheet, layer.values, x, top, 1.2)
        return
    if layer.per_class or layer.values.size <= MOST_BARS:
        _bars(sheet, layer, class_names, top)
        return
    if layer.values.ndim in {2, 3}:
        side = _side(room)
        for number, values in enumerate(_maps(layer)[:MOST_MAPS]):
            sheet.stamp(values, scale, x + number * (side + GAP), top, side, used)
    else:
        sheet.stamp(_lines(layer.values), scale, x, top, room - GAP, used)
    sheet.bar(scale, WIDTH - RIGHT + 0.1, top, max(used, 0.34))


def _name(sheet: Sheet, layer: Layer, top: float, is_image: bool) -> None:
    shape = "x".join(map(str, layer.values.shape)) or "1"
    lines = [layer.name, shape]
    if not is_image:
        lines += _remarks(layer)
    for number, line in enumerate(lines):
        place = {"size": 8 if number < 2 else 7, "align": "left", "room": LEFT - MARGIN - GAP}
        sheet.write(line, MARGIN, top + 0.15 * number, **place)


def _remarks(layer: Layer) -> list[str]:
    """What the values are, and how much of them is not drawn."""
    values = layer.values
    if layer.per_class:
        kind = "logits" if layer.signed else "probabilities"
        return [kind] + [f"the {MOST_BARS} greatest, {values.size - MOST_BARS} hidden"] * (values.size > MOST_BARS)
    if values.ndim == 3 and values.shape[2] > MOST_MAPS and values.size > MOST_BARS:
        return [f"the first {MOST_MAPS}, {values.shape[2] - MOST_MAPS} hidden"]
    return [f"{MOST_IN_A_LINE} values a line"] * (values.ndim not in {2, 3} and values.size > MOST_IN_A_LINE)


def _height(layer: Layer, class_names: Sequence[str], *, is_image: bool) -> float:
    """Height of a row in inches."""
    if is_image:
        return _tall(layer.values[None, ..., 0], 1.2) + 0.2
    if layer.per_class or layer.values.size <= MOST_BARS:
        return 1.65 if _slanted(_labels(layer, class_names)) else 1.2
    if layer.values.ndim in {2, 3}:
        return max(0.5, _tall(_maps(layer), _side(WIDTH - LEFT - RIGHT)) + 0.16)
    return max(0.55, min(len(_lines(layer.values)) * 0.06, 1.5) + 0.16)


def _bars(sheet: Sheet, layer: Layer, class_names: Sequence[str], top: float) -> None:
    """One bar a value, with its number; of many classes the greatest."""
    values = layer.values.reshape(-1)
    chosen = np.sort(np.argsort(-values, kind="stable")[:MOST_BARS])
    labels = _labels(layer, class_names)
    style = {"rotation": 25, "ha": "right", "rotation_mode": "anchor"} if _slanted(labels) else {}
    width = (WIDTH - LEFT - RIGHT) * min(1.0, 0.1 + len(chosen) / 12)
    axes = sheet.panel(LEFT, top + 0.08, width, 0.8)
    places = range(len(chosen))
    axes.bar(places, values[chosen], color=[POSITIVE if value > 0 else NEGATIVE for value in values[chosen]])
    for place, value in zip(places, values[chosen], strict=True):
        text = f"{value:.{3 if abs(value) >= 1 else 2}g}" if layer.signed else f"{value:.3f}"
        axes.annotate(
            text,
            (place, max(value, 0)),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=6,
        )
    axes.set_xticks(places, [labels[unit] for unit in chosen], fontsize=7, **style)
    axes.tick_params(axis="y", labelsize=6, length=2)
    axes.tick_params(axis="x", length=0)
    axes.axhline(0, color="0.3", linewidth=0.6)
    axes.margins(x=0.01, y=0.18)
    axes.spines[["top", "right"]].set_visible(False)


def _image(sheet: Sheet, image: Any, x: float, top: float, side: float) -> None:
    """The image in grey or colour; of other channel counts each channel in grey, as many as fit."""
    tall = _tall(image[None, ..., 0], side)
    pictures = [image] if image.shape[2] == 3 else [image[..., channel] for channel in range(image.shape[2])]
    for number, picture in enumerate(pictures[:6] if x > MARGIN else pictures[:1]):
        sheet.stamp(picture, Scale(1.0, signed=False, grey=True), x + number * (side + GAP), top, side, tall)


def _maps(layer: Layer) -> Any:
    """Maps first; a table of values is one map."""
    return layer.values[None] if layer.values.ndim == 2 else np.moveaxis(layer.values, 2, 0)


def _lines(values: Any) -> Any:
    """A vector in lines of at most 128 values; what is left of the last one holds nothing."""
    columns = min(values.size, MOST_IN_A_LINE)
    lines = np.full((-(-values.size // columns), columns), np.nan)
    lines.flat[: values.size] = values.reshape(-1)
    return lines


def _scale(layer: Layer) -> Scale:
    return Scale(float(np.abs(layer.values).max(initial=0)) or 1.0, signed=layer.signed)


def _side(room: float) -> float:
    return room / MOST_MAPS - GAP


def _tall(maps: Any, side: float) -> float:
    """The height of a tile of this width, within bounds."""
    return side * min(max(maps.shape[1] / maps.shape[2], 0.25), 2.5)


def _slanted(labels: Sequence[str]) -> bool:
    return max(map(columns, labels)) > 5


def _labels(layer: Layer, class_names: Sequence[str]) -> list[str]:
    return (
        [shortened(name, LONG_NAME) for name in class_names]
        if layer.per_class
        else [str(unit) for unit in range(layer.values.size)]
    )
