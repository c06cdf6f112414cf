"""A run as one ONNX graph, from uint8 images to probabilities, built straight from its specification.

It goes the way of `pellucid.predict.answer`: scaling to [0, 1], test-time views, the network or the members of a vote,
their average, the temperature, softmax.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from jaxtyping import Shaped
from numpy import ndarray
from onnx import TensorProto, ValueInfoProto, helper

from pellucid.errors import RunError
from pellucid.export.interface import BATCH, IMAGES, IR_VERSION, OPSET, PROBABILITIES
from pellucid.export.nodes import CHANNELS_FIRST, CHANNELS_LAST, NODES, Graph, Place, activation, require_known
from pellucid.export.views import grid_of
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.layers import Activation, Dropout, Shape
from pellucid.spec.model import ModelSpec
from pellucid.spec.shapes import Step
from pellucid.version import __version__

MOST_BYTES = 2**31 - 2**20  # of a file in protobuf's format, with room for all but the weights
WHITE = 255.0


def graph_of(
    spec: ModelSpec,
    weights: Mapping[str, Shaped[ndarray, ...]],
    *,
    vote: int = 1,
    test_time: AugmentSpec | None = None,
    temperature: float = 1.0,
    maps: bool = False,
) -> bytes:
    """The content of a .onnx file. Equal networks give equal bytes.

    It takes ``images``, uint8 [batch, height, width, channels], and gives ``probabilities``, float32 [batch, classes].

    Args:
        spec: The network.
        weights: Its weights, by the names that they have in the file of a run.
        vote: How many networks vote.
        test_time: How images are varied; None asks about each image as it is.
        temperature: What the logits of the whole are divided by before softmax.
        maps: Give as further outputs what each layer makes of the image itself, under the layer's name: maps as
            [batch, height, width, channels], vectors as [batch, units].

    Raises:
        SpecError: The format cannot hold a layer.
        RunError: A weight is missing, of another shape, or not finite; or the file would have 2 GiB or more.
    """
    require_known(spec.layers, NODES, "ONNX")
    _require_room(weights)
    graph = Graph(weights)
    shown, steps = _Outputs(graph, maps), spec.logits_only().walk()
    floats = graph.node("Cast", "floats", IMAGES, to=TensorProto.FLOAT)
    scaled = graph.node("Div", "scaled", floats, graph.constant("white", WHITE))
    pixels = graph.node("Transpose", "pixels", scaled, perm=CHANNELS_FIRST)
    answers = [
        _vote(graph, steps, vote, view, f"view_{number}", shown if number == 0 else _Outputs(graph, False))
        for number, view in enumerate(_views(graph, pixels, spec.input_shape, test_time))
    ]
    logits = _averaged(graph, answers, "views")
    if temperature != 1:
        logits = graph.node("Div", "tempered", logits, graph.constant("temperature", temperature))
    graph.node("Softmax", PROBABILITIES, logits, axis=1)
    return _model(graph, spec, shown.values).SerializeToString(deterministic=True)


class _Outputs:
    """The maps that the graph gives beside the probabilities.

    Attributes:
        graph: The graph.
        wanted: Whether there are any.
        values: The outputs that were made.
    """

    def __init__(self, graph: Graph, wanted: bool) -> None:
        self.graph = graph
        self.wanted = wanted
        self.values: list[ValueInfoProto] = []

    def add(self, name: str, value: str, shape: Shape) -> None:
        """Give a value out under a name, with the channels of maps last."""
        if not self.wanted:
            return
        if len(shape) == 3:
            self.graph.node("Transpose", name, value, perm=CHANNELS_LAST)
        else:
            self.graph.node("Identity", name, value)
        self.values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape]))


def _views(graph: Graph, pixels: str, shape: Shape, spec: AugmentSpec | None) -> Iterator[str]:
    """The images themselves, then each as a test-time view has it."""
    yield pixels
    height, width, _ = shape
    for number, move in enumerate(spec.moves() if spec else (), start=1):
        if number == 1:
            whole = graph.node("Shape", "pixels/shape", pixels)
            ends = (graph.constant(name, [place], np.int64) for name, place in (("first", 0), ("second", 1)))
            batch = graph.node("Slice", "pixels/batch", whole, *ends)
            size = graph.constant("grid_shape", [height, width, 2], np.int64)
            graph.node("Concat", "grids/shape", batch, size, axis=0)
        grid = graph.constant(f"view_{number}/places", grid_of(move, height, width))
        every = graph.node("Expand", f"view_{number}/grid", grid, "grids/shape")
        yield graph.node(
            "GridSample", f"view_{number}/pixels", pixels, every, mode="bilinear", padding_mode="zeros", align_corners=0
        )


def _vote(graph: Graph, steps: Sequence[Step], vote: int, pixels: str, view: str, shown: _Outputs) -> str:
    """The logits of the run for one view: those of its network, or the average of its members'."""
    members = [f"members.{number}." for number in range(vote)] if vote > 1 else [""]
    return _averaged(graph, [_network(graph, steps, pixels, view, member, shown) for member in members], view)


def _network(graph: Graph, steps: Sequence[Step], value: str, view: str, member: str, shown: _Outputs) -> str:
    """The logits of one network; its layers have the names that they have in the run."""
    for step in steps:
        name = f"{view}/{member}{step.name}"
        if not isinstance(step.layer, Dropout) or shown.wanted:
            NODES[type(step.layer)](Place(graph, step, value, name, member))
            value = name
        shown.add(f"{member}{step.name}", value, step.output_shape)
        function = "linear" if isinstance(step.layer, Activation) else getattr(step.layer, "activation", "linear")
        if function != "linear":
            value = activation(graph, function, value, f"{name}_{function}")
            shown.add(f"{member}{step.name}_{function}", value, step.output_shape)
    return value


def _averaged(graph: Graph, logits: Sequence[str], name: str) -> str:
    """The logarithm of the mean probability; of one answer, that answer."""
    if len(logits) == 1:
        return logits[0]
    axis = graph.constant("first", [0], np.int64)
    parts = [
        graph.node("Unsqueeze", f"{name}/log_{n}", graph.node("LogSoftmax", f"{name}/answer_{n}", each, axis=1), axis)
        for n, each in enumerate(logits)
    ]
    together = graph.node("Concat", f"{name}/answers", *parts, axis=0)
    total = graph.node("ReduceLogSumExp", f"{name}/total", together, axes=[0], keepdims=0)
    return graph.node("Sub", f"{name}/mean", total, graph.constant(f"log_{len(logits)}", math.log(len(logits))))


def _model(graph: Graph, spec: ModelSpec, maps: Sequence[ValueInfoProto]) -> onnx.ModelProto:
    images = helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, [BATCH, *spec.input_shape])
    answer = helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, [BATCH, spec.classes])
    whole = helper.make_graph(graph.nodes, "pellucid", [images], [answer, *maps], list(graph.constants.values()))
    return helper.make_model(
        whole,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="pellucid",
        producer_version=__version__,
    )


def _require_room(weights: Mapping[str, Shaped[ndarray, ...]]) -> None:
    needed = sum(weight.nbytes for weight in weights.values())
    if needed > MOST_BYTES:
        raise RunError(
            f"An ONNX file without external data must have less than 2 GiB; the weights have {needed:,} bytes."
        )
