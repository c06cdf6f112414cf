"""Pictures on their way, as a GIF file."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.text import Text
from numpy import ndarray
from PIL import Image

from pellucid.names import MARK
from pellucid.plots.figures import DOTS_AN_INCH, Figure, render
from pellucid.plots.images import visible
from pellucid.text import columns

GAP, LINE = 8, 18  # pixels
LETTER, MOST_ACROSS = 7, 720  # pixels of a letter and of a title
SIZE = 6.5  # points, about 13 pixels
MILLISECONDS = 120  # a frame
LAST_MILLISECONDS = 2_000
LEAST_SIDE = 84  # pixels of a picture

Frame = UInt8[ndarray, "targets height width channels"]


def animation(
    frames: UInt8[ndarray, "frames targets height width channels"], names: Sequence[str], title: str, across: int = 10
) -> bytes:
    """The bytes of a GIF that shows pictures on their way.

    Args:
        frames: The pictures of all targets, some times over the ascent.
        names: Names of the targets, one above each picture.
        title: Text above all, in as many lines as it has or needs.
        across: How many pictures stand side by side.
    """
    scale = max(1, -(-LEAST_SIDE // frames.shape[2]))
    height, width = frames.shape[2] * scale, frames.shape[3] * scale
    across = min(across, len(names))
    widest = min(LETTER * max(map(columns, title.splitlines())), MOST_ACROSS)
    figure = Figure((max(across * (width + GAP), widest) + GAP) / DOTS_AN_INCH, 1)
    titles = [line for text in title.splitlines() for line in figure.parted(text, SIZE)]
    top = LINE * len(titles) + GAP
    corners = [
        (GAP + number % across * (width + GAP), top + number // across * (height + GAP + LINE))
        for number in range(len(names))
    ]
    figure.set_figheight((corners[-1][1] + height + GAP + LINE) / DOTS_AN_INCH)
    for number, line in enumerate(titles):
        figure.fit(
            _write(figure, line, (GAP, GAP // 2 + number * LINE)), figure.get_figwidth() - 2 * GAP / DOTS_AN_INCH
        )
    for corner, name in zip(corners, names, strict=True):
        figure.fit(_write(figure, name, corner), width / DOTS_AN_INCH)
    with Image.open(io.BytesIO(render(figure)), formats=["PNG"]) as page:
        pages = [_filled(page.convert("RGB"), frame, scale, corners) for frame in frames]
    buffer = io.BytesIO()
    durations = [MILLISECONDS] * (len(pages) - 1) + [LAST_MILLISECONDS]
    pages[0].save(buffer, "GIF", save_all=True, append_images=pages[1:], duration=durations, loop=0, comment=MARK)
    return buffer.getvalue()


def _write(figure: Figure, text: str, corner: tuple[int, int]) -> Text:
    """Write a text whose upper left corner is so many pixels from that of the figure."""
    x, y = (pixels / DOTS_AN_INCH for pixels in corner)
    place = {"transform": figure.dpi_scale_trans, "va": "top", "fontsize": SIZE}
    return figure.text(x, figure.get_figheight() - y, text, **place)


def _filled(page: Image.Image, frame: Frame, scale: int, corners: Sequence[tuple[int, int]]) -> Image.Image:
    """A page with the pictures of a frame in it, each below its name."""
    for picture, (x, y) in zip(frame, corners, strict=True):
        shown = Image.fromarray(visible(picture).astype(np.uint8)).convert("RGB")
        size = (shown.width * scale, shown.height * scale)
        page.paste(shown.resize(size, Image.Resampling.NEAREST), (x, y + LINE))
    return page
