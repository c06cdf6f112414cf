"""Test-time views as places that pixels are taken from, as `pellucid.batches.augment` works them out, without torch."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from pellucid.spec.augment import Move


def matrix_of(move: Move, height: int, width: int) -> Float32[ndarray, "2 3"]:
    """Where a place of a view takes its value from: x and y, each from x, y and 1, from -1 to 1 from edge to edge.

    The inverse of flip, scale, shear, rotation and shift. It is worked out in pixels from the centre, x to the right
    and y down.
    """
    angle, lean = np.deg2rad(move.rotation), np.tan(np.deg2rad(move.shear))
    mirror = -1.0 if move.flip else 1.0
    cos, sin = np.cos(angle) / move.scale, np.sin(angle) / move.scale
    down, right = move.shift[0] * height, move.shift[1] * width
    rows = []
    for size, by_x, by_y in (
        (width, mirror * (cos + lean * sin), mirror * (lean * cos - sin)),
        (height, sin, cos),
    ):
        rows.append((by_x * width / size, by_y * height / size, -2 * (by_x * right + by_y * down) / size))
    return np.array(rows, np.float32)


def grid_of(move: Move, height: int, width: int) -> Float32[ndarray, "1 height width 2"]:
    """Where each pixel of a view takes its value from, in the units of ONNX's GridSample; see `matrix_of`."""
    across = _centred(width) * np.float32(2 / width)
    upright = (_centred(height) * np.float32(2 / height))[:, None]
    planes = [by_x * across + (by_y * upright + offset) for by_x, by_y, offset in matrix_of(move, height, width)]
    return np.stack(planes, axis=-1)[None]


def _centred(size: int) -> Float32[ndarray, " size"]:
    """The places of the pixels, counted from the centre."""
    return np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
