"""Optimizer settings become torch optimizers. All are fused: one pass over the weights an update."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn, optim

from pellucid.spec.train import SGD, Adam, AdamW, TrainSpec

Parameters = Iterable[nn.Parameter]


def make_optimizer(parameters: Parameters, spec: TrainSpec) -> optim.Optimizer:
    """The optimizer of a training, at its highest learning rate.

    Adam's epsilon is added to the corrected second moment, as in torch; Keras adds it before the correction. With
    1e-7 the updates differ by less than rounding does.
    """
    return OPTIMIZERS[type(spec.optimizer)](parameters, spec.optimizer, spec.learning_rate)


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
