from typing import Literal

import numpy as np
import pytest

from pellucid.errors import RunError, SpecError
from pellucid.export import graph
from pellucid.export.graph import graph_of
from pellucid.export.nodes import NODES, require_known
from pellucid.spec.layers import Layer
from pellucid.spec.model import ModelSpec

SPEC = ModelSpec.from_shorthand("flatten, dense 2", (2, 2, 1))
WEIGHTS = {"dense_1.weight": np.ones((2, 4), np.float32), "dense_1.bias": np.zeros(2, np.float32)}


class Strange(Layer):
    kind: Literal["strange"] = "strange"


def test_all_layers_that_the_format_cannot_hold_are_named() -> None:
    with pytest.raises(SpecError) as caught:
        require_known([*SPEC.layers, Strange(), Strange()], NODES, "ONNX")
    assert str(caught.value).splitlines() == [
        "ONNX must be able to hold each layer; received one that it cannot hold in layer 3 (strange).",
        "ONNX must be able to hold each layer; received one that it cannot hold in layer 4 (strange).",
    ]


@pytest.mark.parametrize(
    ("bias", "complaint"),
    [
        (None, r"must hold dense_1\.bias, float32 2; received none"),
        (np.zeros(3, np.float32), r"must hold dense_1\.bias, float32 2; received float32 3"),
        (np.zeros(2), r"must hold dense_1\.bias, float32 2; received float64 2"),
        (np.array([0, np.inf], np.float32), r"must be finite; received others in dense_1\.bias"),
    ],
)
def test_weights_that_do_not_fit_are_named(bias: np.ndarray | None, complaint: str) -> None:
    weights = {name: values for name, values in {**WEIGHTS, "dense_1.bias": bias}.items() if values is not None}
    with pytest.raises(RunError, match=complaint):
        graph_of(SPEC, weights)


def test_a_network_that_one_file_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_BYTES", 39)
    with pytest.raises(RunError, match=r"must have less than 2 GiB; the weights have 40 bytes"):
        graph_of(SPEC, WEIGHTS)
