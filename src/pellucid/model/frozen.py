"""Layers that do not learn. The mark hangs on the module itself, so that whoever trains it, or a copy, keeps to it."""

from __future__ import annotations

from torch import nn

ATTRIBUTE = "pellucid_frozen"


def freeze(layer: nn.Module) -> None:
    """Let a layer keep its weights and, in training too, its batch normalisation's statistics; not layers in it."""
    setattr(layer, ATTRIBUTE, True)
    for weight in layer.parameters(recurse=False):
        weight.requires_grad_(False)


def is_frozen(layer: nn.Module) -> bool:
    """Whether a layer does not learn."""
    return getattr(layer, ATTRIBUTE, False)


def in_training(network: nn.Module) -> nn.Module:
    """The network itself, in training mode but for its frozen layers."""
    network.train()
    for layer in network.modules():
        if is_frozen(layer):
            layer.training = False
    return network
