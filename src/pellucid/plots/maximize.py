"""Pictures that maximise targets: each beside what it is held against, as a figure, and on its way, as an animation."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

from pellucid.names import MARK
from pellucid.plots.images import visible

GAP, ROW, HEAD = 0.12, 1.62, 0.3  # in sides of a cell
INCHES = 0.82  # a cell
FEW_CARDS, FEW_CELLS, MANY_CELLS = 10, 8, 12  # how many cells stand side by side, for few cards and for many
MILLISECONDS = 120  # a frame
LAST_MILLISECONDS = 2_000
LEAST_SIDE = 84  # pixels of a picture in an animation


@dataclass(frozen=True)
class Cell:
    """One picture.

    Attributes:
        image: [height, width, channels], uint8 or floats in [0, 1]; None where there is nothing to show.
        text: Text below the picture, in at most two short lines.
    """

    image: ndarray | None
    text: str


@dataclass(frozen=True)
class Card:
    """Pictures of one target side by side.

    Attributes:
        title: Text above the pictures.
        cells: The pictures, as many for each target.
    """

    title: str
    cells: tuple[Cell, ...]


def card_grid(cards: Sequence[Card], heads: Sequence[str], title: str, note: str) -> Figure:
    """Cards in a grid, two or more side by side.

    Args:
        cards: A card for each target.
        heads: What the cells of each card are, one for each cell, in at most two lines.
        title: Text above all.
        note: Text below all: how to read it.
    """
    across = min(max(1, (FEW_CELLS if len(cards) <= FEW_CARDS else MANY_CELLS) // len(heads)), len(cards))
    width, rows = len(heads) * (1 + GAP) + 3 * GAP, -(-len(cards) // across)
    inches = max(6.8, across * width * INCHES)
    lines = 1 + note.count("\n")
    height = rows * ROW * INCHES * inches / (across * width * INCHES)
    figure = Figure(figsize=(inches, height + 0.85 + 0.15 * lines))
    bottom = (0.15 * lines + 0.12) / figure.get_figheight()
    axes = figure.add_axes((0, bottom, 1, height / figure.get_figheight()))
    axes.set_xlim(-GAP, across * width - GAP)
    axes.set_ylim(rows * ROW - HEAD, -HEAD)
    axes.set_axis_off()
    for number, card in enumerate(cards):
        left, top = number % across * width, number // across * ROW
        axes.text(left, top - 0.05, card.title, fontsize=9, weight="bold", va="bottom")
        for place, cell in enumerate(card.cells):
            _draw(axes, cell, left + place * (1 + GAP), top)
    for number in range(across):
        for place, head in enumerate(heads):
            x = number * width + place * (1 + GAP) + 0.5
            axes.text(x, -HEAD - 0.06, head, fontsize=7.5, ha="center", va="bottom", color="0.25", clip_on=False)
    figure.text(0.5, 1 - 0.12 / figure.get_figheight(), title, fontsize=11, ha="center", va="top")
    figure.text(0.5, 0.08 / figure.get_figheight(), note, fontsize=7.5, ha="center", va="bottom", color="0.25")
    return figure


def animation(
    frames: UInt8[ndarray, "frames targets height width channels"], names: Sequence[str], title: str, across: int = 10
) -> bytes:
    """The bytes of a GIF that shows pictures on their way.

    Args:
        frames: The pictures of all targets, some times over the ascent.
        names: Names of the targets, one above each picture.
        title: Text above all, in as many lines as it has.
        across: How many pictures stand side by side.
    """
    scale = max(1, -(-LEAST_SIDE // frames.shape[2]))
    pages = [_page(_enlarged(frame, scale), names, title, min(across, len(names))) for frame in frames]
    buffer = io.BytesIO()
    durations = [MILLISECONDS] * (len(pages) - 1) + [LAST_MILLISECONDS]
    pages[0].save(buffer, "GIF", save_all=True, append_images=pages[1:], duration=durations, loop=0, comment=MARK)
    return buffer.getvalue()


def png(image: Float[ndarray, "height width channels"]) -> bytes:
    """The bytes of a PNG file of one picture, a pixel a pixel."""
    buffer = io.BytesIO()
    Image.fromarray((visible(image) * 255).round().astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _draw(axes: Axes, cell: Cell, left: float, top: float) -> None:
    if cell.image is None:
        axes.plot([left, left + 1], [top, top + 1], color="0.6", linewidth=0.8)
        axes.plot([left, left + 1], [top + 1, top], color="0.6", linewidth=0.8)
    else:
        most = 1.0 if cell.image.dtype.kind == "f" else 255
        extent = (left, left + 1, top + 1, top)
        shown = visible(cell.image) / most
        axes.imshow(shown, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest", aspect="auto")
        axes.set_autoscale_on(False)
    axes.plot([left, left + 1, left + 1, left, left], [top, top, top + 1, top + 1, top], color="0.6", linewidth=0.6)
    axes.text(left + 0.5, top + 1.03, cell.text, fontsize=6.5, ha="center", va="top", linespacing=1.05)


def _enlarged(frame: UInt8[ndarray, "targets height width channels"], scale: int) -> list[Image.Image]:
    pictures = [Image.fromarray(visible(picture).astype(np.uint8)).convert("RGB") for picture in frame]
    return [
        picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
        for picture in pictures
    ]


def _page(pictures: Sequence[Image.Image], names: Sequence[str], title: str, across: int) -> Image.Image:
    font = ImageFont.load_default(13)
    gap, line = 8, 18
    width, height = pictures[0].width + gap, pictures[0].height + gap + line
    lines = title.splitlines()
    longest = max(round(font.getlength(text)) for text in lines)
    top = line * len(lines) + gap
    size = (max(across * width, longest) + gap, top + -(-len(pictures) // across) * height)
    page = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(page)
    for number, text in enumerate(lines):
        draw.text((gap, gap // 2 + number * line), text, "black", font)
    for number, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        x, y = gap + number % across * width, top + number // across * height
        draw.text((x, y), _fitting(name, picture.width, font), "black", font)
        page.paste(picture, (x, y + line))
    return page


def _fitting(name: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a name as there is room for."""
    while len(name) > 1 and font.getlength(name) > width:
        name = name[:-1]
    return name
