"""What a stranger's specification may ask for."""

from __future__ import annotations

import pytest

from pellucid.errors import SpecError
from pellucid.spec.model import FactorySpec, ModelSpec

FLAT = [{"kind": "flatten"}, {"kind": "dense", "units": 2}]
HUGE = 10**30


@pytest.mark.parametrize("number", [2**16 + 1, 10**9, HUGE])
@pytest.mark.parametrize("place", range(3))
def test_an_image_without_end_is_refused(place: int, number: int) -> None:
    shape = [8, 8, 1]
    shape[place] = number
    for made in (
        lambda: ModelSpec.model_validate({"input_shape": shape, "layers": FLAT}),
        lambda: FactorySpec(factory="a:b", input_shape=tuple(shape), classes=2),
    ):
        with pytest.raises(SpecError, match=rf"must be at most 65536; received {number}"):
            made()


@pytest.mark.parametrize(
    "layer",
    [
        {"kind": "conv2d", "filters": HUGE, "kernel_size": 3},
        {"kind": "conv2d", "filters": 1, "kernel_size": HUGE},
        {"kind": "conv2d", "filters": 1, "kernel_size": 3, "strides": [HUGE, 1]},
        {"kind": "max_pooling2d", "pool_size": 2, "strides": HUGE},
        {"kind": "average_pooling2d", "pool_size": HUGE},
    ],
)
def test_a_layer_without_end_is_refused(layer: dict[str, object]) -> None:
    with pytest.raises(SpecError, match=rf"must be at most 2147483647; received .*{HUGE}"):
        ModelSpec.model_validate({"input_shape": [8, 8, 1], "layers": [layer, *FLAT]})
