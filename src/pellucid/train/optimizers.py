"""Optimizers: all weights are updated in one call of torch's fused kernels.

The classes of ``torch.optim`` call the same kernels. They are not used because making the first of them imports torch's
compiler, which takes about a second: as long as a short training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pellucid.spec.train import SGD, Adam, AdamW
from pellucid.train.scale import LossScale

Settings = Adam | AdamW | SGD
MOMENTS: dict[type, int] = {Adam: 2, AdamW: 2, SGD: 1}


@dataclass(frozen=True)
class Group:
    """Weights of one type on one device, as the kernels want them, and what belongs to each.

    Attributes:
        weights: The weights, which are changed in place.
        gradients: The gradient of each weight.
        moments: The optimizer's running sums: for each moment, one for each weight.
        counts: Updates made of each weight, this one too, on the device.
        overflow: 1 if the gradients are not finite and the update is to be left out, else 0; None if nobody looked.
    """

    weights: list[Any]
    gradients: list[Any]
    moments: list[list[Tensor]]
    counts: list[Tensor]
    overflow: Tensor | None = None


class Optimizer:
    """Updates weights in place from their gradients.

    Attributes:
        weights: The weights that take a gradient.
        settings: Which optimizer, and its settings.
        updates: Updates made, or left out since a gradient overflowed.
        scale: The scale of the loss, where fp16 needs one.
    """

    def __init__(self, weights: Iterable[nn.Parameter], settings: Settings, scale: LossScale | None = None) -> None:
        self.weights = [weight for weight in weights if weight.requires_grad]
        self.settings = settings
        self.updates = 0
        self.scale = scale
        self._moments = [[torch.zeros_like(weight) for weight in self.weights] for _ in range(MOMENTS[type(settings)])]
        self._counts = {weight.device: torch.zeros((), device=weight.device) for weight in self.weights}

    def backward(self, loss: Float[Tensor, ""]) -> None:
        """Work out the gradients of a loss, of so many times the loss where there is a scale."""
        (self.scale.of(loss) if self.scale else loss).backward()

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Update the weights that have a gradient, and let the gradients go.

        With a scale, the gradients are divided by it first, and one that is not finite leaves the whole update out.

        Args:
            rate: Learning rate of this update.
        """
        self.updates += 1
        overflow = self.scale.divide([w.grad for w in self.weights if w.grad is not None]) if self.scale else None
        for count in self._counts.values():
            count.add_(1 if overflow is None else 1 - overflow)
        for group in self._groups(overflow):
            KERNELS[type(self.settings)](self.settings, group, rate, self.updates)
        for weight in self.weights:
            weight.grad = None

    def state(self) -> dict[str, Tensor]:
        """The running sums, counts and loss scale, by name: with the weights, all that the next update depends on."""
        moments = {
            f"moment.{number}.{place}": tensor
            for number, moment in enumerate(self._moments)
            for place, tensor in enumerate(moment)
        }
        counts = {f"count.{number}": count for number, count in enumerate(self._counts.values())}
        return moments | counts | (self.scale.state() if self.scale else {})

    def restore(self, state: Mapping[str, Tensor], updates: int) -> None:
        """Take over what `state` gave of another optimizer of the same weights.

        Args:
            state: The tensors that `state` gave, by their names.
            updates: How many updates were made.
        """
        self.updates = updates
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    def _groups(self, overflow: Tensor | None) -> Iterator[Group]:
        alike: dict[Any, list[int]] = {}
        for place, weight in enumerate(self.weights):
            if weight.grad is not None:
                alike.setdefault((weight.device, weight.dtype), []).append(place)
        for (device, _), places in alike.items():
            weights = [self.weights[place] for place in places]
            moments = [[moment[place] for place in places] for moment in self._moments]
            counts = [self._counts[device]] * len(places)
            yield Group(weights, [weight.grad for weight in weights], moments, counts, overflow)


def _adam(settings: Adam | AdamW, group: Group, rate: float, update: int) -> None:
    """Adam and AdamW.

    Keras adds epsilon to the root of the second moment before its bias is corrected, torch after it. To have Keras's
    updates, torch is given epsilon divided by the root of the correction.

    Source: Kingma and Ba 2014, arXiv:1412.6980, section 2, "epsilon hat".
    """
    decay, kernel = 0.0, torch.ops.aten._fused_adam_.default
    if isinstance(settings, AdamW):
        decay, kernel = settings.weight_decay, torch.ops.aten._fused_adamw_.default
    kernel(
        group.weights,
        group.gradients,
        *group.moments,
        [],  # greatest second moments, of a variant that is not offered
        group.counts,
        lr=rate,
        beta1=settings.beta_1,
        beta2=settings.beta_2,
        weight_decay=decay,
        eps=settings.epsilon / math.sqrt(1 - settings.beta_2**update),
        amsgrad=False,
        maximize=False,
        found_inf=group.overflow,
    )


def _sgd(settings: SGD, group: Group, rate: float, update: int) -> None:
    """Stochastic gradient descent with momentum."""
    torch.ops.aten._fused_sgd_.default(
        group.weights,
        group.gradients,
        group.moments[0] if settings.momentum else [],
        lr=rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        dampening=0.0,
        nesterov=settings.nesterov,
        maximize=False,
        is_first_step=update == 1,
        found_inf=group.overflow,
    )


KERNELS: dict[type, Callable[[Any, Group, float, int], None]] = {Adam: _adam, AdamW: _adam, SGD: _sgd}
