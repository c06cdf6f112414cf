"""What tests of the explorer page do with it: draw, wait, and ask what the network gets."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

GOT = "() => ({shape: pellucid.answer.input.shape, values: [...pellucid.answer.input.values]})"


def got(page: Any) -> np.ndarray:
    """What the network gets, as bytes."""
    found = page.evaluate(GOT)
    return np.round(255 * np.array(found["values"])).astype(np.uint8).reshape(found["shape"])


def sheet_of(page: Any) -> Any:
    return page.locator("canvas.board")


def line(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A stroke with the mouse, in shares of the sheet."""
    box = sheet_of(page).bounding_box()
    across, down = ([box["x"] + box["width"] * x, box["y"] + box["height"] * y] for x, y in (start, end))
    page.mouse.move(*across)
    page.mouse.down()
    page.mouse.move(*down, steps=3)
    page.mouse.up()


def settled(page: Any) -> None:
    """Wait until the network has answered what stands on the sheet: two frames."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def original(payload: dict[str, Any], number: int) -> np.ndarray:
    """One of the page's images, as it is."""
    height, width, channels = payload["network"]["input_shape"]
    raw = base64.b64decode(payload["images"]["sprite"]["png"].split(",")[1])
    sheet = np.asarray(Image.open(io.BytesIO(raw)))
    row, column = divmod(number, payload["images"]["sprite"]["columns"])
    image = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
    return image.reshape(height, width, channels)
