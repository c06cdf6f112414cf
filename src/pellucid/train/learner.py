"""A network that learns, and how far it has come: all that changes in a training can be put down and taken up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from pellucid.batches.images import mini_batches
from pellucid.errors import DataError, Fault, SettingError
from pellucid.model.terms import terms_of
from pellucid.run.history import Epoch
from pellucid.spec.train import TrainSpec
from pellucid.train.optimizers import Optimizer
from pellucid.train.reorder import pooled_first
from pellucid.train.scale import LossScale

Ending = Literal["finished", "stopped", "interrupted"]
NETWORK, OPTIMIZER, TALLY = "network.", "optimizer.", "tally."


@dataclass
class Progress:
    """How far the training of one network has come.

    Attributes:
        member: Which network of a vote is trained, from 0; 0 where there is one alone.
        begun: Epochs that were made in a training before this one, which goes further; see `train_further`.
        epoch: The epoch under way, from 1.
        step: Updates made in the epoch under way.
        steps: Updates made in all epochs.
        learning_rate: Learning rate of the last update.
        seconds: Duration of the epoch under way, up to its last update.
        epochs: What the finished epochs came to.
        losses: Losses of the updates of the epoch under way, [steps_per_epoch]; empty before its first update.
        right: How many images of the epoch under way were answered right, a whole number.
        ending: Why the training ended; None while it goes on. ``finished``: it came to where it was to go;
            ``stopped``: a callback asked for it; ``interrupted``: the user did.
    """

    member: int = 0
    begun: int = 0
    epoch: int = 1
    step: int = 0
    steps: int = 0
    learning_rate: float = 0.0
    seconds: float = 0.0
    epochs: list[Epoch] = field(default_factory=list)
    losses: Tensor = field(default_factory=lambda: torch.zeros(0))
    right: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.int64))
    ending: Ending | None = None

    def facts(self) -> dict[str, Any]:
        """All of the progress but its tensors, as JSON knows it."""
        kept = {name: value for name, value in vars(self).items() if not isinstance(value, Tensor)}
        return kept | {"epochs": [asdict(epoch) for epoch in self.epochs]}

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.ending in {"finished", "stopped"}

    def learning_rate_next(self, spec: TrainSpec, steps_per_epoch: int) -> float:
        """Learning rate of the next update; where a training goes further its schedule begins anew."""
        begun = self.begun * steps_per_epoch
        return spec.learning_rate_at(self.steps - begun, spec.epochs * steps_per_epoch - begun)

    @classmethod
    def of(cls, facts: Mapping[str, Any], **tensors: Tensor) -> Self:
        """The progress whose `facts` these are."""
        return cls(**{**facts, **tensors, "epochs": [Epoch(**epoch) for epoch in facts["epochs"]]})


class Learner:
    """A network with the optimizer of its weights and its progress.

    With the data and the specification, that is everything on which the next update depends: randomness follows from
    the seed and the number of the update. So a training that is put down (`state`) and taken up elsewhere
    (`take_up`) goes on to the same bits. A module of the user's own that changes what is not in its `state_dict` is
    the exception.

    Attributes:
        model: The network, which gives logits.
        trained: The same modules in the order in which they are trained; see `pooled_first`.
        optimizer: The optimizer of the network's weights.
        progress: How far the training has come.
    """

    def __init__(self, model: nn.Module, spec: TrainSpec, precision: str = "fp32", *, member: int = 0) -> None:
        scale = LossScale(next(model.parameters()).device) if precision == "fp16" else None
        self.model, self.trained = model, pooled_first(model)
        self.optimizer = Optimizer(model.parameters(), spec.optimizer, scale)
        self.progress = Progress(member)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that the next update depends on: tensors by name, copied, and facts that JSON can hold."""
        progress = self.progress
        tensors = {f"{NETWORK}{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"{OPTIMIZER}{name}": value for name, value in self.optimizer.state().items()}
        tensors |= {f"{TALLY}losses": progress.losses, f"{TALLY}right": progress.right}
        copied = {name: value.detach().clone().contiguous() for name, value in tensors.items()}
        return copied, progress.facts() | {"updates": self.optimizer.updates}

    def take_up(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from where another learner of the same network and specification was put down.

        Args:
            tensors: The tensors that `state` gave, on any device.
            facts: The facts that `state` gave.
        """
        device = next(self.model.parameters()).device
        self.model.load_state_dict(part_of(tensors, NETWORK))
        self.optimizer.restore(part_of(tensors, OPTIMIZER), facts["updates"])
        tally = {name: value.to(device, copy=True) for name, value in part_of(tensors, TALLY).items()}
        self.progress = Progress.of({name: value for name, value in facts.items() if name != "updates"}, **tally)


def batches_of(network: nn.Module, spec: TrainSpec, count: int) -> list[int]:
    """How many images each mini-batch of an epoch has; see `mini_batches`.

    Raises:
        SettingError: The network cannot be trained on batches of that size.
        DataError: There are fewer images than the network can be trained on at once.
    """
    terms = terms_of(network)
    rule = f"at least {terms.least_batch}, as {terms.factory} cannot be trained on fewer images at once"
    if spec.batch_size < terms.least_batch:
        remedy = "Set a larger batch_size, or leave batch normalisation out where maps are one pixel large."
        raise SettingError([Fault(f"batch_size must be {rule}", str(spec.batch_size), remedy)])
    if count < terms.least_batch:
        raise DataError(f"Images to train on must be {rule}; received {count}.")
    return mini_batches(count, spec.batch_size, terms.least_batch)


def part_of(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
