"""An ONNX file for images of any height and width: resizing and grey scale inside, before the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from pellucid.errors import Fault, RunError, SpecError
from pellucid.export.interface import BATCH, IMAGES, PROBABILITIES, RESIZED
from pellucid.spec.image_reading import ImageReading

COLOURS = 3


def require_readable(input_shape: tuple[int, int, int]) -> None:
    """See that images of files can be brought to the shape of a network.

    Raises:
        SpecError: They cannot.
    """
    if input_shape[2] not in {1, COLOURS}:
        rule, received = "Images are resized inside for networks of 1 or 3 channels only", f"{input_shape[2]}"
        raise SpecError([Fault(rule, received, "Leave --raw-images out.")])


def raw_of(content: bytes, input_shape: tuple[int, int, int], reading: ImageReading) -> bytes:
    """The same network for images of any size.

    Args:
        content: The .onnx file of the network.
        input_shape: (height, width, channels) that it takes.
        reading: How the run's images are read.

    Returns:
        The content of a .onnx file. It takes ``images``, uint8 [batch, height, width, 3], and gives beside what the
        network gives ``resized``, uint8: what the network sees.
    """
    import onnx
    from onnx import TensorProto, helper

    from pellucid.export.nodes import Graph
    from pellucid.export.resizing import resized

    require_readable(input_shape)
    model, graph = onnx.load_from_string(content), Graph({})
    graph.node("Identity", RESIZED, resized(graph, IMAGES, input_shape, reading).name)
    for node in model.graph.node:
        node.input[:] = [RESIZED if name == IMAGES else name for name in node.input]
    whole = helper.make_graph(
        [*graph.nodes, *model.graph.node],
        model.graph.name,
        [helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, [BATCH, "height", "width", COLOURS])],
        [*model.graph.output, helper.make_tensor_value_info(RESIZED, TensorProto.UINT8, [BATCH, *input_shape])],
        [*graph.constants.values(), *model.graph.initializer],
    )
    model.graph.CopyFrom(whole)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


class RawEngine:
    """Such a file as a function, on the processor."""

    def __init__(self, content: bytes, place: Path) -> None:
        import onnxruntime

        try:
            self._session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - its errors have no common kind
            raise RunError(f"{place} cannot be loaded by ONNX Runtime ({error}).") from None

    def answer(
        self, image: UInt8[ndarray, "height width 3"]
    ) -> tuple[UInt8[ndarray, "new_height new_width channels"], Float32[ndarray, " classes"]]:
        """What the network sees of an image, and the probability of each class."""
        seen, probabilities = self._session.run([RESIZED, PROBABILITIES], {IMAGES: np.ascontiguousarray(image[None])})
        return seen[0], probabilities[0]
