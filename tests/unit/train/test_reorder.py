import pytest
import torch
from torch import nn

from pellucid.model.build import build
from pellucid.spec.model import ModelSpec
from pellucid.train.reorder import pooled_first

SEED = (
    "conv 4 3x3 relu, maxpool 2x2, conv 6 3x3 relu, maxpool 2x2, flatten, dense 3 softmax",
    "conv 4 3x3 same, batchnorm, activation relu, maxpool 3x3 stride 2 same, flatten, dense 3",
)


@pytest.mark.parametrize("text", SEED)
@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_gradients_are_the_same_to_the_bit(text: str, training: bool) -> None:
    spec = ModelSpec.from_shorthand(text, (15, 15, 1))
    plain, reordered = build(spec, 1).train(training), pooled_first(build(spec, 1)).train(training)
    images = torch.rand(20, 1, 15, 15, generator=torch.Generator().manual_seed(0))
    images[:5] = 0  # whole windows alike
    answers = plain(images), reordered(images)
    assert torch.equal(*answers)
    for logits in answers:
        logits.square().sum().backward()
    for one, other in zip(plain.parameters(), reordered.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_pooling_comes_before_relu_and_the_network_is_left_as_it_is() -> None:
    network = build(ModelSpec.from_shorthand(SEED[0], (15, 15, 1)))
    before = list(network)
    kinds = [type(module) for module in pooled_first(network)]
    assert kinds[:6] == [nn.Conv2d, nn.MaxPool2d, nn.ReLU, nn.Conv2d, nn.MaxPool2d, nn.ReLU]
    assert list(network) == before


class Own(nn.Sequential):
    """Calls its modules in its own way."""


@pytest.mark.parametrize(
    "network",
    [
        Own(nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Sequential(nn.MaxPool2d(2), nn.ReLU()),
        nn.Sequential(nn.LeakyReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.ReLU(), nn.AvgPool2d(2)),
    ],
)
def test_other_networks_are_given_back(network: nn.Module) -> None:
    assert pooled_first(network) is network


def test_what_hangs_on_a_network_stays_on_it() -> None:
    network, seen = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), []
    network.register_forward_hook(lambda *_: seen.append("called"))
    reordered = pooled_first(network)
    assert reordered is not network
    assert list(reordered._modules) == ["1", "0"]
    reordered(torch.zeros(1, 1, 2, 2))
    assert seen == ["called"]
