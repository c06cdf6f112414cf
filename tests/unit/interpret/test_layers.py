import re

import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.errors import RunError, SettingError
from pellucid.interpret.layers import (
    convolutions_of,
    layers_of,
    require_layer,
    undisturbed,
    watched,
)

SPEC = pl.ModelSpec.from_shorthand("conv 2 3x3 relu, batchnorm, maxpool 2x2, flatten, dense 3 softmax", (8, 8, 1))


@pytest.fixture
def model() -> nn.Module:
    return pl.build(SPEC, seed=1)


def test_layers_are_named_as_in_the_walk_with_activations_of_their_own(model: nn.Module) -> None:
    assert list(layers_of(model)) == [
        "conv2d_1", "conv2d_1_relu", "batch_normalization_1", "max_pooling2d_1", "flatten_1", "dense_1",
    ]  # fmt: skip
    assert list(convolutions_of(model)) == ["conv2d_1"]


def test_a_network_without_a_convolution_is_told(model: nn.Module) -> None:
    with pytest.raises(RunError, match="needs a network with a convolution"):
        convolutions_of(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))


def test_an_unknown_layer_is_told_with_the_nearest_and_all() -> None:
    with pytest.raises(
        SettingError, match=re.escape("Unknown layer 'conv_1'. Did you mean conv2d_1? Known: conv2d_1,")
    ):
        require_layer("conv_1", ["conv2d_1", "dense_1"])
    with pytest.raises(SettingError, match=r"Unknown layer 'zzz'\. Known: conv2d_1, dense_1\.$"):
        require_layer("zzz", ["conv2d_1", "dense_1"])


def test_what_layers_give_is_left_with_its_gradient(model: nn.Module) -> None:
    images = torch.rand(2, 1, 8, 8, requires_grad=True)
    with undisturbed(model), watched(model, ["conv2d_1", "dense_1"]) as seen:
        logits = model(images)
    assert torch.equal(seen["dense_1"], logits)
    assert torch.equal(seen["conv2d_1"], model[0](images))  # before the activation
    seen["conv2d_1"].sum().backward()
    assert images.grad is not None


def test_an_activation_in_place_does_not_change_what_was_seen() -> None:
    network = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(inplace=True))
    nn.init.constant_(network[0].weight, -1.0)
    with undisturbed(network), watched(network, ["0"]) as seen:
        output = network(torch.ones(1, 2))
    assert (seen["0"].tolist(), output.tolist()) == ([[-2.0, -2.0]], [[0.0, 0.0]])


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_on_the_network(model: nn.Module, fails: bool) -> None:
    model.train()
    model[2].eval()
    model[0].weight.requires_grad_(False)
    gradient = model[-1].weight.grad = torch.ones_like(model[-1].weight)
    modes = [module.training for module in model.modules()]
    try:
        with undisturbed(model), watched(model, ["conv2d_1"]):
            assert not any(module.training for module in model.modules())
            assert not any(weight.requires_grad for weight in model.parameters())
            model(torch.rand(1, 1, 8, 8))
            if fails:
                _ = 1 / 0
    except ZeroDivisionError:
        pass
    assert [module.training for module in model.modules()] == modes
    assert [weight.requires_grad for weight in model.parameters()] == [False] + [True] * 5
    assert model[-1].weight.grad is gradient
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


def test_weights_that_are_not_finite_are_told(model: nn.Module) -> None:
    with torch.no_grad():
        model[0].weight[0, 0, 0, 0] = float("nan")
    with (
        pytest.raises(RunError, match=r"weights must be finite; received others in conv2d_1\.weight"),
        undisturbed(model),
    ):
        pass
