"""Which pixels of an image a network sees, and which none of its outputs depends on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pellucid.spec.layers import Layer, Shape, times
from pellucid.spec.shapes import Step
from pellucid.words import counted

Positions = frozenset[int]
Ranges = tuple[tuple[int, int], ...]
Field = tuple[tuple[int, int], tuple[int, int]]
SIDES = ("row", "column")


@dataclass(frozen=True)
class Coverage:
    """The pixels that any output of a network depends on: those whose row and whose column are both seen.

    Attributes:
        image: Height and width of the image.
        rows: The rows that are seen, as ranges (first, last), counted from 0.
        columns: The columns that are seen, likewise.
        blind_layers: For each layer that does not see the whole of its own map: its name, the height and width of
            that map, and how many of its rows and columns are not seen.
    """

    image: tuple[int, int]
    rows: Ranges
    columns: Ranges
    blind_layers: tuple[tuple[str, tuple[int, int], tuple[int, int]], ...] = ()

    @property
    def seen_share(self) -> float:
        """Share of the pixels that are seen, in [0, 1]."""
        return _count(self.rows) * _count(self.columns) / math.prod(self.image)

    @property
    def blind_share(self) -> float:
        """Share of the pixels that no output depends on, in [0, 1]."""
        return 1 - self.seen_share

    def blind_to(self) -> str:
        """What of the image is not seen, in words: ``the last 2 rows and the last 2 columns``."""
        sides = zip(SIDES, self.image, (self.rows, self.columns), strict=True)
        return " and ".join(_missing(*side) for side in sides if _count(side[2]) < side[1])

    def causes(self) -> str:
        """Which layers leave part of their own map out, in words; they are where the network can be mended."""
        return "; ".join(
            f"{name} leaves out {' and '.join(counted(n, side) for n, side in zip(out, SIDES, strict=True) if n)}"
            f" of its {times(size)} map"
            for name, size, out in self.blind_layers
        )


def coverage(steps: Sequence[Step]) -> Coverage:
    """Follow the output of a network back to the pixels that it depends on, for rows and columns each on its own.

    A window is a rectangle, so what is seen of a map is always some rows by some columns of it.

    Args:
        steps: The walk through the network.
    """
    on_maps = [step for step in steps if len(step.input_shape) == 3]  # the last of them makes a vector of its map
    rows = columns = frozenset({0})
    for step in reversed(on_maps):
        rows, columns = (_seen(step.layer, step.input_shape, side, of) for side, of in enumerate((rows, columns)))
    height, width, _ = on_maps[0].input_shape
    return Coverage(
        image=(height, width),
        rows=_ranges(rows),
        columns=_ranges(columns),
        blind_layers=tuple(_blind_layers(on_maps)),
    )


def field_of(steps: Sequence[Step], place: tuple[int, int]) -> Field:
    """The rows and the columns of the image that one output depends on: the first, and the one behind the last.

    Args:
        steps: The walk through the network up to the layer that gives the output.
        place: Row and column of the output in its map.
    """
    rows, columns = frozenset({place[0]}), frozenset({place[1]})
    for step in reversed(steps):
        rows, columns = (_seen(step.layer, step.input_shape, side, of) for side, of in enumerate((rows, columns)))
    return (min(rows), max(rows) + 1), (min(columns), max(columns) + 1)


def _seen(layer: Layer, shape: Shape, side: int, outputs: Iterable[int]) -> Positions:
    """Rows (side 0) or columns (side 1) of a layer's input that those of its output depend on."""
    size, strides = (both[side] for both in layer.window(shape))
    starts = [output * strides - layer.margins(shape)[side][0] for output in outputs]
    return frozenset(place for start in starts for place in range(max(start, 0), min(start + size, shape[side])))


def _blind_layers(steps: Iterable[Step]) -> Iterable[tuple[str, tuple[int, int], tuple[int, int]]]:
    for step in steps:
        made = step.output_shape if len(step.output_shape) == 3 else (1, 1)
        height, width = (len(_seen(step.layer, step.input_shape, side, range(made[side]))) for side in (0, 1))
        out = step.input_shape[0] - height, step.input_shape[1] - width
        if any(out):
            yield step.name, (step.input_shape[0], step.input_shape[1]), out


def _ranges(places: Positions) -> Ranges:
    """Ascending ranges (first, last) of what stands side by side."""
    ordered = sorted(places)
    gaps = [(end, start) for end, start in pairwise(ordered) if start > end + 1]
    firsts, lasts = [ordered[0], *(start for _, start in gaps)], [*(end for end, _ in gaps), ordered[-1]]
    return tuple(zip(firsts, lasts, strict=True))


def _count(ranges: Ranges) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _missing(side: str, size: int, seen: Ranges) -> str:
    number = size - _count(seen)
    if seen == ((0, size - number - 1),):
        return f"the last {counted(number, side) if number > 1 else side}"
    return f"{number} of {counted(size, side)}"
