"""Optimizer settings become torch optimizers. All are fused: one pass over the weights an update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn, optim

from pellucid.spec.train import SGD, Adam, AdamW, TrainSpec

Parameters = Iterable[nn.Parameter]


def make_optimizer(parameters: Parameters, spec: TrainSpec) -> optim.Optimizer:
    """The optimizer of a training; `set_step` must be called before each update."""
    return OPTIMIZERS[type(spec.optimizer)](parameters, spec.optimizer, spec.learning_rate)


def set_step(optimizer: optim.Optimizer, spec: TrainSpec, step: int, steps: int) -> float:
    """Set what depends on the step: the learning rate, and Adam's epsilon.

    Keras adds epsilon to the root of the second moment before its bias is corrected, torch after it. To have Keras's
    updates, torch is given epsilon divided by the root of the correction.

    Args:
        optimizer: As `make_optimizer` gave it.
        spec: The same settings.
        step: Number of the update, from 0.
        steps: How many there will be.

    Returns:
        The learning rate.

    Source: Kingma and Ba 2014, arXiv:1412.6980, section 2, "epsilon hat".
    """
    rate = spec.learning_rate_at(step, steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
        if isinstance(spec.optimizer, Adam | AdamW):
            group["eps"] = spec.optimizer.epsilon / math.sqrt(1 - spec.optimizer.beta_2 ** (step + 1))
    return rate


def _adam(parameters: Parameters, settings: Adam, rate: float) -> optim.Optimizer:
    betas = (settings.beta_1, settings.beta_2)
    return optim.Adam(parameters, lr=rate, betas=betas, eps=settings.epsilon, fused=True)


def _adamw(parameters: Parameters, settings: AdamW, rate: float) -> optim.Optimizer:
    betas, decay = (settings.beta_1, settings.beta_2), settings.weight_decay
    return optim.AdamW(parameters, lr=rate, betas=betas, eps=settings.epsilon, weight_decay=decay, fused=True)


def _sgd(parameters: Parameters, settings: SGD, rate: float) -> optim.Optimizer:
    return optim.SGD(
        parameters,
        lr=rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.nesterov,
        fused=True,
    )


OPTIMIZERS: dict[type, Callable[[Parameters, Any, float], optim.Optimizer]] = {Adam: _adam, AdamW: _adamw, SGD: _sgd}
