"""Several networks that answer as one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pellucid.spec.seeds import derive_seed


class Vote(nn.Module):
    """Networks of one kind, each trained by itself, whose probabilities are averaged.

    Source: Hansen and Salamon 1990, "Neural network ensembles", IEEE TPAMI 12(10).
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @classmethod
    def of(cls, make: Callable[[int], nn.Module], seed: int, count: int) -> Vote:
        """A vote of networks with seeds of their own; the first is the one that the given seed alone would make."""
        return cls(make(derive_seed(seed, "member", number) if number else seed) for number in range(count))

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """What `averaged` makes of the members' logits."""
        return averaged([member(images).float() for member in self.members])


def averaged(logits: Sequence[Float[Tensor, "batch classes"]]) -> Float[Tensor, "batch classes"]:
    """The logarithm of the mean probability, so that softmax gives that mean; of one answer, that answer."""
    if len(logits) == 1:
        return logits[0]
    return torch.stack([each.log_softmax(dim=1) for each in logits]).logsumexp(dim=0) - math.log(len(logits))


def members_of(model: nn.Module) -> list[nn.Module]:
    """The members of a vote, or the network itself."""
    return list(model.members) if isinstance(model, Vote) else [model]


class MeanLogits(nn.Module):
    """The members of a vote by the mean of their logits.

    The vote itself gives the logarithm of a probability, whose gradient vanishes where the answer is certain.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)  # its layers bear the names that they have in the vote

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Average the logits of the members."""
        return torch.stack([member(images).float() for member in self.members]).mean(dim=0)


def with_mean_logits(model: nn.Module) -> nn.Module:
    """The network that pictures explain: the one given, or a vote's members by the mean of their logits."""
    return MeanLogits(model.members) if isinstance(model, Vote) else model
