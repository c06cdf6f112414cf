"""Pillow's resizing as nodes of an ONNX graph, for images of any height and width, as `pellucid.data.decode` uses it.

Both passes are matrices that the graph makes of the size of the image it is given. They are worked out in double
precision, as Pillow does it, so that pixels come out the same. Along each axis an image is first averaged over blocks
(Pillow's reduce), then filtered, each step to whole grey levels.

Source: Pillow, src/libImaging/Resample.c and Reduce.c, Image.resize, ImageOps.fit and ImageOps.pad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto

from pellucid.data.values import WHITE, eight_bits, range_within
from pellucid.export.nodes import CHANNELS_FIRST, CHANNELS_LAST, Graph
from pellucid.spec.image_reading import ImageReading

GAP = 3.0  # reducing_gap: blocks are so small that filtering still sees three of them for each pixel that it makes
PRECISION, BITS = 2.0**22, 2.0**24  # of the weights of the filter, and of the mean of a block
LUMA = (19595.0, 38470.0, 7471.0)  # of 65536 parts, as Pillow makes grey of colour


class Number:
    """A value of a graph that formulas can be written with; each step becomes a node."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def node(self, operator: str, *others: Any, **attributes: Any) -> Number:
        """A node that takes this value first."""
        given = [self.name, *(self._named(other) for other in others)]
        name = f"resizing/{len(self.graph.nodes)}"
        return Number(self.graph, self.graph.node(operator, name, *given, **attributes))

    def _named(self, other: Any) -> str:
        if isinstance(other, Number):
            return other.name
        values = np.asarray(other)
        kind = values.dtype.type if values.dtype.kind in "iu" else np.float64
        return self.graph.constant(f"resizing/{kind.__name__}/{values.tolist()}", values, kind)

    def __add__(self, other: Any) -> Number:
        return self.node("Add", other)

    def __sub__(self, other: Any) -> Number:
        return self.node("Sub", other)

    def __mul__(self, other: Any) -> Number:
        return self.node("Mul", other)

    def __truediv__(self, other: Any) -> Number:
        return self.node("Div", other)

    def __neg__(self) -> Number:
        return self.node("Neg")

    def __gt__(self, other: Any) -> Number:
        return self.node("Greater", other)

    def floor(self) -> Number:
        """The whole number below it."""
        return self.node("Floor")

    def most(self, other: Any) -> Number:
        """The greater of two."""
        return self.node("Max", other)

    def least(self, other: Any) -> Number:
        """The lesser of two."""
        return self.node("Min", other)

    def where(self, true: Any, false: Any) -> Number:
        """One value where this is true, another where it is not."""
        return self.node("Where", true, false)

    def double(self) -> Number:
        """The same in double precision."""
        return self.node("Cast", to=TensorProto.DOUBLE)

    def single(self) -> Number:
        """The same rounded to single precision."""
        return self.node("Cast", to=TensorProto.FLOAT)

    def counted(self) -> Number:
        """0, 1, … up to this number, without it."""
        zero, one = (self._named(np.float64(value)) for value in (0, 1))
        name = f"resizing/{len(self.graph.nodes)}"
        return Number(self.graph, self.graph.node("Range", name, zero, self.name, one))

    def column(self) -> Number:
        """A vector as a matrix of one column."""
        return self.node("Unsqueeze", np.array([1]))


@dataclass(frozen=True)
class Axis:
    """What happens along one axis of an image.

    Attributes:
        given: Its size.
        wanted: The size to bring it to.
        low: Where what is seen of it begins.
        high: Where it ends.
        made: How large that becomes; the rest is background.
        offset: How much background stands before it.
        block: How many of its pixels are averaged first.
    """

    given: Number
    wanted: int
    low: Number
    high: Number
    made: Number
    offset: Number
    block: Number


def resized(graph: Graph, images: str, input_shape: tuple[int, int, int], reading: ImageReading) -> Number:
    """Add the nodes that bring images to the shape of a network.

    Args:
        graph: What they are added to.
        images: The name of the images: uint8, [batch, any height, any width, 3].
        input_shape: (height, width, channels), of which channels are 1 or 3.
        reading: How images are read.

    Returns:
        uint8, [batch, height, width, channels].
    """
    height, width, channels = input_shape
    low, high = range_within(reading.value_range, WHITE)
    whole = Number(graph, images)
    if (low, high) != (0, WHITE):
        table = graph.constant("resizing/levels", eight_bits(np.arange(256), low, high), np.uint8)
        whole = Number(graph, table).node("Gather", whole.node("Cast", to=TensorProto.INT64))
    pixels = whole.single()
    if channels == 1:  # as whole numbers below 2**24, which single precision holds
        parts = pixels.node("Mul", _single(graph, "luma", LUMA))
        total = parts.node("ReduceSum", np.array([3]), keepdims=1)
        pixels = (
            (total.node("Add", _single(graph, "half", 32768.0))).node("Div", _single(graph, "parts", 65536.0))
        ).floor()
    planes = pixels.node("Transpose", perm=CHANNELS_FIRST)
    size = Number(graph, images).node("Shape").double()
    sides = [size.node("Gather", np.array(place)) for place in (1, 2)]
    rows, columns = _axes(sides, (height, width), reading.fit)
    blocks = _reduced(planes, rows, columns)
    both = _filtered(blocks, rows, columns)
    if reading.fit == "pad":
        seen = [_seen(axis) for axis in (rows, columns)]
        inside = seen[0].column().node("And", seen[1].node("Unsqueeze", np.array([0])))
        both = inside.where(both, np.float64(reading.background))
    return both.node("Transpose", perm=CHANNELS_LAST).node("Cast", to=TensorProto.UINT8)


def _single(graph: Graph, name: str, values: Any) -> Number:
    return Number(graph, graph.constant(f"resizing/{name}", values, np.float32))


def _axes(sides: list[Number], wanted: tuple[int, int], fit: str) -> tuple[Axis, Axis]:
    """What happens along height and width, as `pellucid.data.decode` has it."""
    height, width = sides
    zero, one = height * np.float64(0), height * np.float64(0) + np.float64(1)
    if fit == "stretch":
        axes = []
        for side, size in zip(sides, wanted, strict=True):
            block = (side / np.float64(size) / GAP).floor().most(np.float64(1))
            high = (side / block).single().double()
            axes.append(Axis(side, size, zero, high, one * np.float64(size), zero, block))
        return axes[0], axes[1]
    ratio, target = width / height, wanted[1] / wanted[0]
    is_wider = ratio > np.float64(target)
    if fit == "crop":
        seen = is_wider.where(height, width / np.float64(target)), is_wider.where(height * np.float64(target), width)
        axes = []
        for side, size, part in zip(sides, wanted, seen, strict=True):
            low = (side - part) * np.float64(0.5)
            high = low + part
            axes.append(
                Axis(side, size, low.single().double(), high.single().double(), one * np.float64(size), zero, one)
            )
        return axes[0], axes[1]
    made = (
        is_wider.where((height / width * np.float64(wanted[1])).node("Round"), np.float64(wanted[0])),
        is_wider.where(np.float64(wanted[1]), (width / height * np.float64(wanted[0])).node("Round")),
    )
    axes = []
    for side, size, new in zip(sides, wanted, made, strict=True):
        offset = ((-new + np.float64(size)) * np.float64(0.5)).node("Round")
        axes.append(Axis(side, size, zero, side, new, offset, one))
    return axes[0], axes[1]


def _reduced(planes: Number, rows: Axis, columns: Axis) -> Number:
    """The mean of each block, to whole levels; sums are whole numbers that single precision holds."""
    matrices = [_blocks(axis) for axis in (rows, columns)]
    down, right = (matrix.single() for matrix in matrices)
    sums = down.node("MatMul", planes.node("MatMul", right.node("Transpose", perm=(1, 0)))).double()
    high, wide = (matrix.node("ReduceSum", np.array([1]), keepdims=1) for matrix in matrices)
    counts = high * wide.node("Transpose", perm=(1, 0))
    parts = (counts * np.float64(0) + np.float64(BITS)) / counts
    return ((sums + (counts * np.float64(0.5)).floor()) * parts.floor() / np.float64(BITS)).floor()


def _blocks(axis: Axis) -> Number:
    """Which pixels are in which block, as a matrix of 0 and 1."""
    cells = (axis.given / axis.block).node("Ceil").counted().column()
    owners = (axis.given.counted() / axis.block).floor()
    return cells.node("Equal", owners).double()


def _filter(axis: Axis) -> Number:
    """The weights of Pillow's bilinear filter, a row for each pixel that is made."""
    size = (axis.given / axis.block).node("Ceil")
    scale = (axis.high - axis.low).single().double() / axis.made
    support = scale.most(np.float64(1))
    place = (axis.made * np.float64(0) + np.float64(axis.wanted)).counted() - axis.offset
    centre = ((place + np.float64(0.5)) * scale + axis.low).column()
    first = (centre - support + np.float64(0.5)).floor().most(np.float64(0))
    last = (centre + support + np.float64(0.5)).floor().least(size)
    pixel = size.counted()
    distance = ((pixel - centre + np.float64(0.5)) * (support.node("Reciprocal"))).node("Abs")
    weight = (-distance + np.float64(1)).most(np.float64(0))
    inside = pixel.node("GreaterOrEqual", first).node("And", pixel.node("Less", last))
    weight = inside.where(weight, np.float64(0))
    total = weight.node("ReduceSum", np.array([1]), keepdims=1)
    share = weight / (total > np.float64(0)).where(total, np.float64(1))
    return (share * np.float64(PRECISION) + np.float64(0.5)).floor() / np.float64(PRECISION)


def _filtered(blocks: Number, rows: Axis, columns: Axis) -> Number:
    """Both passes; of an image that loses far more rows than columns Pillow filters the columns first."""
    down, right = _filter(rows), _filter(columns).node("Transpose", perm=(1, 0))
    usual = _levels(down.node("MatMul", _levels(blocks.node("MatMul", right))))
    other = _levels(_levels(down.node("MatMul", blocks)).node("MatMul", right))
    lost = [(axis.given / axis.block).node("Ceil") - axis.made for axis in (rows, columns)]
    is_tall = (lost[0] > np.float64(0)).node("And", lost[0] > lost[1] * np.float64(2))
    return is_tall.where(other, usual)


def _seen(axis: Axis) -> Number:
    """Which of the pixels that are wanted are the image's and no background."""
    place = (axis.made * np.float64(0) + np.float64(axis.wanted)).counted() - axis.offset
    return place.node("GreaterOrEqual", np.float64(0)).node("And", place.node("Less", axis.made))


def _levels(values: Number) -> Number:
    """Values as whole grey levels."""
    return (values + np.float64(0.5)).floor().most(np.float64(0)).least(np.float64(WHITE))
