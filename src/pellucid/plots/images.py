"""Images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy import ndarray

from pellucid.plots.figures import Figure

CELL = 1.1  # inches of width


def visible(image: ndarray) -> ndarray:
    """An image as it can be shown: grey, [height, width], or RGB; channels that are no colours become their mean."""
    if image.shape[-1] == 3:
        return image
    return image.mean(axis=-1) if image.shape[-1] > 1 else image[..., 0]


def image_grid(images: Sequence[Any], titles: Sequence[str], title: str = "", columns: int = 10) -> Figure:
    """Images in a grid, each with its title; grey ones on a scale from black to white.

    Args:
        images: Images, each [height, width, channels], uint8, or floats in [0, 1].
        titles: A title for each image.
        title: Text above all.
        columns: How many stand side by side.
    """
    rows = -(-len(images) // columns)
    figure = Figure(CELL * columns, 1.35 * rows + 0.4, "constrained")
    for axes, image, text in zip(figure.subplots(rows, columns, squeeze=False).flat, images, titles, strict=False):
        most = 1.0 if image.dtype.kind == "f" else 255
        axes.imshow(visible(image), cmap="gray", vmin=0, vmax=most)
        figure.fit(axes.set_title(text, fontsize=8), CELL - 0.1)
    for axes in figure.axes:
        axes.set_axis_off()
    if title:
        figure.head(title)
    return figure
