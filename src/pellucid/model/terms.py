"""The terms on which a network is used: Pellucid's own, or what a trial found a module of the user's to need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from pellucid.model.vote import members_of

CHANNELS_LAST, CONTIGUOUS = "channels_last", "contiguous_format"  # torch's words for orders in memory
ATTRIBUTE = "pellucid_terms"  # of a module, under which its terms stand


@dataclass(frozen=True)
class Terms:
    """What those who use a network must know of it.

    Attributes:
        factory: What made it, for messages; empty for networks of Pellucid's own.
        memory_format: Order of its weights and batches: channels last is the fast one for convolutions.
        least_batch: The fewest images that it takes at once in training.
        gives_probabilities: Whether it ends in a softmax, where logits are wanted.
    """

    factory: str = ""
    memory_format: str = CHANNELS_LAST
    least_batch: int = 1
    gives_probabilities: bool = False


OWN = Terms()


def terms_of(network: nn.Module) -> Terms:
    """The terms of a network; the members of a vote have the same."""
    return getattr(members_of(network)[0], ATTRIBUTE, OWN)


def settle(module: nn.Module, terms: Terms) -> None:
    """Let a module have these terms from now on. It sees to the order of its batches by itself; copies do so too."""
    if not hasattr(module, ATTRIBUTE):
        module.register_forward_pre_hook(_in_order)
    setattr(module, ATTRIBUTE, terms)


def lay_out(network: nn.Module) -> nn.Module:
    """Bring a network's weights into the order in memory that its terms say, in place."""
    order = getattr(torch, terms_of(network).memory_format)
    return network.to(memory_format=order)  # pyright: ignore[reportCallIssue]


def _in_order(module: nn.Module, taken: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """A hook before the module's forward. Batches come with their channels last.

    They are copied even where torch takes them for contiguous: of images with one channel the strides alone would make
    a convolution put the channels last.
    """
    if terms_of(module).memory_format != CONTIGUOUS:
        return None
    return (taken[0].clone(memory_format=torch.contiguous_format), *taken[1:])
