"""One table over the whole vocabulary: with the same weights, a built network answers as Keras does.

Keras (on its torch backend) is the oracle. One case of it departs from TensorFlow, whose semantics Keras documents:
average pooling with uneven `same` padding repeats the edge there instead of leaving it out of the mean. That case has
its answer worked out by hand in tests/known/test_layers.py.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import torch

from pellucid.model.build import build
from pellucid.spec.layers import ACTIVATIONS, LAYERS
from pellucid.spec.model import ModelSpec

TOLERANCE = 1e-5
WINDOWS = ["3x3", "2x3", "1x1", "5x4"]
STRIDES = ["1", "2", "3x2", "2x5"]
HEAD = "flatten, dense 4 softmax"

CASES = {
    **{
        f"conv {window} stride {stride} {padding}": f"conv 5 {window} stride {stride} {padding}, {HEAD}"
        for window in WINDOWS
        for stride in STRIDES
        for padding in ("valid", "same")
    },
    **{
        f"maxpool {window} stride {stride} {padding}": f"maxpool {window} stride {stride} {padding}, {HEAD}"
        for window in WINDOWS
        for stride in STRIDES
        for padding in ("valid", "same")
    },
    **{
        f"avgpool {window} stride {stride} valid": f"avgpool {window} stride {stride}, {HEAD}"
        for window in WINDOWS
        for stride in STRIDES
    },
    "avgpool 3x3 stride 1 same": f"avgpool 3x3 stride 1 same, {HEAD}",
    "avgpool 3x5 stride 1 same": f"avgpool 3x5 stride 1 same, {HEAD}",
    "avgpool 2x2 stride 2 same, where repeating the edge is leaving it out": f"avgpool 2x2 same, {HEAD}",
    "globalmaxpool": "conv 6 3x3, globalmaxpool, dense 4 softmax",
    "globalavgpool": "conv 6 3x3, globalavgpool, dense 4 softmax",
    "conv without bias": f"conv 5 3x3 nobias, {HEAD}",
    "dense without bias": "flatten, dense 4 nobias softmax",
    "flatten twice": f"flatten, {HEAD}",
    "dropout in prediction": f"dropout 0.5, {HEAD}",
    "batchnorm on maps": f"conv 5 3x3, batchnorm, {HEAD}",
    "batchnorm on vectors": "flatten, dense 8, batchnorm momentum 0.9 epsilon 0.01, dense 4 softmax",
    **{f"{name} on maps": f"conv 5 3x3 {name}, {HEAD}" for name in ACTIVATIONS},
    **{f"{name} on vectors": f"flatten, dense 8, {name}, dense 4 softmax" for name in ACTIVATIONS},
    "softmax alone at the end": "flatten, dense 4, softmax",
    "the tutorial": "conv 32 3x3 relu, maxpool 2x2, conv 64 3x3 relu, maxpool 2x2, flatten, dense 10 softmax",
    "colour, deep": "conv 8 3x3 same relu, batchnorm, maxpool 3x3 stride 2 same, conv 8 3x3 silu, avgpool, flatten, "
    "dense 9 tanh, dropout 0.2, dense 4 softmax",
}
SHAPES = {"the tutorial": (28, 28, 1), "colour, deep": (17, 20, 3)}
ODD = (11, 14, 2)


def to_keras(keras: ModuleType, spec: ModelSpec) -> object:
    """The same network, made of Keras's own layers with Keras's own setting names."""
    classes = {
        "conv2d": keras.layers.Conv2D,
        "max_pooling2d": keras.layers.MaxPooling2D,
        "average_pooling2d": keras.layers.AveragePooling2D,
        "global_max_pooling2d": keras.layers.GlobalMaxPooling2D,
        "global_average_pooling2d": keras.layers.GlobalAveragePooling2D,
        "flatten": keras.layers.Flatten,
        "dense": keras.layers.Dense,
        "activation": keras.layers.Activation,
        "dropout": keras.layers.Dropout,
        "batch_normalization": keras.layers.BatchNormalization,
    }
    assert classes.keys() == LAYERS.keys()
    layers = [classes[layer.kind](**layer.model_dump(exclude={"kind"})) for layer in spec.layers]
    return keras.Sequential([keras.Input(spec.input_shape), *layers])


def give_weights(model: torch.nn.Module, spec: ModelSpec, twin) -> None:
    """Random weights for both; Keras's kernels are [height, width, in, out] and [in, out]."""
    random = np.random.default_rng(0)
    with torch.no_grad():
        for step, layer in zip(spec.walk(), twin.layers, strict=True):
            arrays = [random.normal(0, 0.3, weight.shape).astype(np.float32) for weight in layer.weights]
            if step.layer.kind == "batch_normalization":
                arrays[3] = np.abs(arrays[3]) + 0.1
            layer.set_weights(arrays)
            tensors = [torch.from_numpy(array) for array in arrays]
            module = dict(model.named_children()).get(step.name)
            if step.layer.kind == "conv2d":
                tensors[0] = tensors[0].permute(3, 2, 0, 1)
            elif step.layer.kind == "dense":
                tensors[0] = tensors[0].T
            if tensors:
                for own, tensor in zip(module.state_dict().values(), tensors, strict=True):
                    own.copy_(tensor)


@pytest.mark.parametrize("name", CASES)
def test_a_network_answers_as_keras_does(keras: ModuleType, name: str) -> None:
    spec = ModelSpec.from_shorthand(CASES[name], SHAPES.get(name, ODD))
    twin = to_keras(keras, spec)
    model = build(spec).eval()
    give_weights(model, spec, twin)
    images = np.random.default_rng(1).random((3, *spec.input_shape), dtype=np.float32)
    with torch.no_grad():
        ours = model(torch.from_numpy(images).permute(0, 3, 1, 2)).softmax(dim=1).numpy()
        theirs = twin(images, training=False).numpy()
    assert np.abs(ours - theirs).max() < TOLERANCE
    assert [tuple(layer.output.shape[1:]) for layer in twin.layers] == [step.output_shape for step in spec.walk()]
    assert twin.count_params() == sum(step.parameters for step in spec.walk())


@pytest.mark.parametrize("text", ["conv 5 3x3, batchnorm, flatten, dense 4", "flatten, dense 8, batchnorm, dense 4"])
def test_moving_averages_move_as_in_keras(keras: ModuleType, text: str) -> None:
    spec = ModelSpec.from_shorthand(text, ODD)
    twin, model = to_keras(keras, spec), build(spec).train()
    give_weights(model, spec, twin)
    images = np.random.default_rng(1).random((4, *ODD), dtype=np.float32)
    ours = model(torch.from_numpy(images).permute(0, 3, 1, 2)).softmax(dim=1).detach().numpy()
    logits = twin(images, training=True).detach()
    assert np.abs(ours - logits.softmax(dim=1).numpy()).max() < TOLERANCE
    layer = next(layer for layer in twin.layers if "batch_normalization" in layer.name)
    moved = model.get_submodule("batch_normalization_1")
    assert (moved.running_mean - layer.moving_mean.value).abs().max() < TOLERANCE
    assert (moved.running_var - layer.moving_variance.value).abs().max() < TOLERANCE


def test_every_kind_of_layer_is_in_the_table() -> None:
    kinds = {
        layer.kind
        for name, text in CASES.items()
        for layer in ModelSpec.from_shorthand(text, SHAPES.get(name, ODD)).layers
    }
    assert kinds == LAYERS.keys()
