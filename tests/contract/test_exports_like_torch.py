"""One table over the whole vocabulary: an export answers in every map as the network that it was made of.

Each network is asked with grey and with coloured images, with one and with several, alone and as a vote, with and
without test-time views.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.numpy
import torch

from pellucid.export import c_library
from pellucid.export.c_library import Library
from pellucid.export.c_source import source_of
from pellucid.export.formats.safetensors import Reader, described
from pellucid.export.graph import graph_of
from pellucid.interpret.layers import observed
from pellucid.model.build import build
from pellucid.predict.answer import probabilities
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.layers import ACTIVATIONS, LAYERS
from pellucid.spec.model import ModelSpec

TOLERANCE = 1e-5
HEAD = "flatten, dense 4 softmax"
SMOOTH = [name for name in ACTIVATIONS if name != "softmax"]
CASES = {
    "conv2d": f"conv 5 3x2 stride 2x1, conv 4 2x3 stride 2 same nobias relu, conv 3 5x4 stride 3x2 same, {HEAD}",
    "max_pooling2d": f"maxpool 3x2 stride 2x1, maxpool 2x2 stride 1 same, maxpool 2x3 stride 2 same, {HEAD}",
    "average_pooling2d": f"avgpool 3x2 stride 2x1, avgpool 2x2 stride 1 same, avgpool 2x3 stride 2 same, {HEAD}",
    "global_max_pooling2d": "conv 6 3x3, globalmaxpool, dense 4 softmax",
    "global_average_pooling2d": "conv 4 3x3, globalavgpool",
    "flatten": f"conv 3 2x2, flatten, {HEAD}",
    "dense": "flatten, dense 8 nobias tanh, dense 4",
    "activation": f"conv 3 3x3, {', '.join(SMOOTH)}, softmax, {HEAD}",
    "dropout": f"dropout 0.5, conv 3 3x3, dropout 0.2, {HEAD}",
    "batch_normalization": f"batchnorm, conv 3 3x3 same, batchnorm epsilon 0.1, flatten, dense 6, batchnorm, {HEAD}",
    "activations of layers": f"{', '.join(f'conv 3 2x2 {name}' for name in ACTIVATIONS)}, "
    f"flatten, {', '.join(f'dense 5 {name}' for name in SMOOTH)}, {HEAD}",
    "softmax alone at the end": "flatten, dense 4, softmax",
}
VIEWS = AugmentSpec(horizontal_flip=True)


def network_of(spec: ModelSpec, vote: int) -> torch.nn.Module:
    """A network whose weights and moving averages are not those that it begins with."""
    network = build(spec, vote=vote).eval()
    draw = torch.Generator().manual_seed(0)
    for name, values in network.state_dict().items():
        fresh = torch.randn(values.shape, generator=draw) * 0.4
        values.copy_(fresh.abs() + 0.2 if name.endswith("running_var") else fresh)
    return network


def maps_of(network: torch.nn.Module, images: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer gives, with the channels of maps last."""
    found = {}

    def keep(name: str, _module: object, _taken: object, given: torch.Tensor) -> None:
        found[name] = (given.permute(0, 2, 3, 1) if given.dim() == 4 else given).numpy().copy()

    with torch.no_grad(), observed(network, keep):
        network(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)
    return found


def test_the_table_has_every_layer() -> None:
    assert LAYERS.keys() <= CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_an_export_answers_in_every_map_as_torch_does(name: str) -> None:
    for channels, vote, views in itertools.product((1, 3), (1, 2), (None, VIEWS)):
        spec = ModelSpec.from_shorthand(CASES[name], (11, 14, channels))
        network = network_of(spec, vote)
        weights = {key: value.numpy() for key, value in network.state_dict().items()}
        content = graph_of(spec, weights, vote=vote, test_time=views, maps=True)
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        for count in (1, 5):
            images = np.random.default_rng(count).integers(0, 256, (count, *spec.input_shape), dtype=np.uint8)
            names = [output.name for output in session.get_outputs()]
            given = dict(zip(names, session.run(names, {"images": images}), strict=True))
            answer = given.pop("probabilities")
            expected = probabilities(network, images, torch.device("cpu"), views)
            assert np.abs(answer - expected).max() < TOLERANCE
            maps = maps_of(network, images)
            assert given.keys() == maps.keys()
            for layer, values in maps.items():
                assert given[layer].shape == values.shape, layer
                assert np.abs(given[layer] - values).max() < TOLERANCE * max(1, np.abs(values).max()), layer


@pytest.mark.parametrize("name", CASES)
def test_other_formats_answer_as_torch_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c_library, "OPTIONS", ("-std=c99", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"))
    for channels, vote, views in ((1, 1, None), (3, 2, VIEWS)):
        spec = ModelSpec.from_shorthand(CASES[name], (11, 14, channels))
        network = network_of(spec, vote)
        weights = {key: value.numpy() for key, value in network.state_dict().items()}
        images = np.random.default_rng(channels).integers(0, 256, (5, *spec.input_shape), dtype=np.uint8)
        several = {"vote": vote, "test_time": views, "temperature": 1.5}
        expected = probabilities(network, images, torch.device("cpu"), views, temperature=1.5)
        written = source_of(spec, weights, **several).text.encode()
        library = Library(written, spec.classes, Path("model.c"))
        assert np.abs(library.probabilities(images) - expected).max() < TOLERANCE
        reader = Reader(described(spec, **several).encode(), safetensors.numpy.save(weights), Path())
        assert np.abs(reader.probabilities(images) - expected).max() < TOLERANCE


def test_every_kind_of_view_and_the_temperature_are_inside() -> None:
    spec = ModelSpec.from_shorthand("conv 3 3x3 relu, flatten, dense 4", (11, 14, 3))
    network = network_of(spec, vote=2)
    weights = {key: value.numpy() for key, value in network.state_dict().items()}
    images = np.random.default_rng(0).integers(0, 256, (3, *spec.input_shape), dtype=np.uint8)
    every = AugmentSpec(shift=0.13, rotation=20, scale=0.2, shear=10, horizontal_flip=True)
    several = {"vote": 2, "test_time": every, "temperature": 2.5}
    content = graph_of(spec, weights, **several)
    onnx.checker.check_model(content, full_check=True)
    assert content == graph_of(spec, weights, **several)
    answers = [
        onnxruntime.InferenceSession(content).run(None, {"images": images})[0],
        Library(source_of(spec, weights, **several).text.encode(), 4, Path("model.c")).probabilities(images),
        Reader(described(spec, **several).encode(), safetensors.numpy.save(weights), Path()).probabilities(images),
    ]
    expected = probabilities(network, images, torch.device("cpu"), every, temperature=2.5)
    for found in answers:
        assert np.abs(found - expected).max() < TOLERANCE
