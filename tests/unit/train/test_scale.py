import math

import pytest
import torch
from torch import nn

from pellucid.spec.train import OPTIMIZERS
from pellucid.train.optimizers import Optimizer
from pellucid.train.scale import AT_FIRST, UPDATES_BETWEEN_GROWTHS, LossScale

CPU = torch.device("cpu")


def stepped(weight: nn.Parameter, optimizer: Optimizer, slope: float) -> None:
    """One update of a weight whose loss is a straight line."""
    optimizer.backward((weight * slope).sum())
    optimizer.step(rate=0.1)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_scale_leaves_the_updates_as_they_are(kind: str) -> None:
    plain, scaled = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    optimizers = Optimizer([plain], OPTIMIZERS[kind]()), Optimizer([scaled], OPTIMIZERS[kind](), LossScale(CPU))
    for slope in (0.5, -2.0, 1e-6):
        stepped(plain, optimizers[0], slope)
        stepped(scaled, optimizers[1], slope)
    assert torch.allclose(plain, scaled, rtol=1e-6)
    assert not torch.equal(plain, torch.ones(3))


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_overflow_leaves_the_update_out_and_halves_the_scale(kind: str) -> None:
    plain, scaled = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    optimizer = Optimizer([scaled], OPTIMIZERS[kind](), LossScale(CPU))
    stepped(scaled, optimizer, math.inf)
    assert torch.equal(scaled, torch.ones(3))
    assert scaled.grad is None
    assert optimizer.scale is not None
    assert optimizer.scale.value.item() == AT_FIRST / 2
    twin = Optimizer([plain], OPTIMIZERS[kind]())
    stepped(plain, twin, 0.5)
    stepped(scaled, optimizer, 0.5)
    assert torch.allclose(plain, scaled, rtol=1e-5)  # as if the overflow had never been


def test_long_without_overflow_the_scale_grows() -> None:
    scale, gradient = LossScale(CPU), torch.ones(2)
    for _ in range(UPDATES_BETWEEN_GROWTHS - 1):
        scale.divide([gradient])
    assert scale.value.item() == AT_FIRST
    scale.divide([gradient])
    assert scale.value.item() == 2 * AT_FIRST


def test_a_gradient_that_fp16_cannot_hold_gets_through() -> None:
    # Between two layers in fp16 the gradient is the weight, 2**-27, which rounds to 0 there; 2**16 times that does not.
    def gradient(scale: LossScale | None) -> float:
        first, second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        nn.init.ones_(first.weight)
        nn.init.ones_(second.weight)
        optimizer = Optimizer(first.parameters(), OPTIMIZERS["sgd"](), scale)
        with torch.autocast("cpu", torch.float16):
            answer = second(first(torch.ones(1, 1))).float()
        optimizer.backward((answer * 2.0**-27).sum())
        if scale:
            scale.divide([first.weight.grad])
        return first.weight.grad.item()

    assert gradient(None) == 0
    assert gradient(LossScale(CPU)) == 2.0**-27
