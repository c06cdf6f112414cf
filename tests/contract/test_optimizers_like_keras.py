"""With the same gradients, each optimizer makes the updates that Keras's makes."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import torch

from pellucid.spec.train import OPTIMIZERS, SGD, Adam, AdamW, TrainSpec
from pellucid.train.optimizers import KERNELS, MOMENTS, Optimizer

STEPS = 12
CASES = {
    "adam": (Adam(), "Adam"),
    "adam, own settings": (Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3), "Adam"),
    "adamw": (AdamW(), "AdamW"),
    "sgd": (SGD(), "SGD"),
    "sgd, nesterov": (SGD(momentum=0.7, nesterov=True), "SGD"),
    "sgd, plain": (SGD(momentum=0.0), "SGD"),
}


@pytest.mark.parametrize("name", CASES)
def test_updates_are_those_of_keras(keras: ModuleType, name: str) -> None:
    settings, theirs = CASES[name]
    random = np.random.default_rng(0)
    start = random.normal(size=(5,)).astype(np.float32)
    ours = torch.nn.Parameter(torch.from_numpy(start.copy()))
    variable = keras.Variable(start)
    names = settings.model_dump(exclude={"kind"})
    if names.get("weight_decay") == 0:
        names.pop("weight_decay")
    twin = getattr(keras.optimizers, theirs)(learning_rate=0.01, **names)
    optimizer = Optimizer([ours], settings)
    for _ in range(STEPS):
        # From gradients of ordinary size to ones that epsilon outweighs.
        gradient = (random.normal(size=5) * 10.0 ** -np.arange(1, 10, 2)).astype(np.float32)
        ours.grad = torch.from_numpy(gradient)
        optimizer.step(rate=0.01)
        twin.apply([torch.from_numpy(gradient)], [variable])
    moved = (variable.value.detach() - torch.from_numpy(start)).abs()
    assert torch.allclose(ours.detach(), variable.value.detach(), rtol=1e-5, atol=2e-6)
    assert moved.max() > 1e-3


def test_every_optimizer_is_in_the_table() -> None:
    assert (
        {type(settings) for settings, _ in CASES.values()} == set(OPTIMIZERS.values()) == set(KERNELS) == set(MOMENTS)
    )


def test_the_defaults_are_keras_s(keras: ModuleType) -> None:
    adam = keras.optimizers.Adam()
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (Adam().beta_1, Adam().beta_2, Adam().epsilon)
    assert float(adam.learning_rate.value) == pytest.approx(TrainSpec().learning_rate)
    assert keras.optimizers.AdamW().weight_decay == AdamW().weight_decay
