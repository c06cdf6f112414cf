"""An ONNX file asked about images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.errors import RunError
from pellucid.export.engine import Engine


def test_a_network_that_counts_on_a_number_of_images_is_named() -> None:
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["images"], ["numbers"], to=kinds.FLOAT),
        helper.make_node("Reshape", ["numbers", "shape"], ["probabilities"]),
    ]
    given = helper.make_tensor_value_info("images", kinds.UINT8, ["batch", 2, 2, 1])
    told = helper.make_tensor_value_info("probabilities", kinds.FLOAT, ["batch", 4])
    shape = onnx.numpy_helper.from_array(np.array([2, 4], np.int64), "shape")
    graph = helper.make_graph(nodes, "two", [given], [told], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    engine = Engine(model.SerializeToString(), Path("model.onnx"))
    assert engine.probabilities(np.ones((2, 2, 2, 1), np.uint8)).tolist() == [[1, 1, 1, 1]] * 2
    with pytest.raises(RunError, match=r"for 3 images at once; ONNX Runtime says: .* leave the number open"):
        engine.probabilities(np.ones((3, 2, 2, 1), np.uint8))
