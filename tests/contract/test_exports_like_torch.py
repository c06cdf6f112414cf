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
from tests.contract.networks import CASES, maps_of, network_of

from pellucid.export import c_library
from pellucid.export.c_library import Library
from pellucid.export.c_source import source_of
from pellucid.export.formats.safetensors import Reader, described
from pellucid.export.graph import graph_of
from pellucid.predict.answer import probabilities
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.layers import LAYERS
from pellucid.spec.model import ModelSpec

TOLERANCE = 1e-5
VIEWS = AugmentSpec(horizontal_flip=True)


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
