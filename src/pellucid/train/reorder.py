"""A network whose modules are reordered, so that it computes the same with less work."""

from __future__ import annotations

import copy

from torch import nn

from pellucid.model.modules import MaxPool2dSame

POOLINGS = (nn.MaxPool2d, MaxPool2dSame)  # and not what inherits from them, which may do anything


def pooled_first(network: nn.Module) -> nn.Module:
    """Put max pooling before the ReLU that precedes it, which then has as much less work as pooling shrinks the maps.

    Both only ever keep the order of values, so they may change places: outputs and gradients stay the same to the bit.

    Args:
        network: The network, which is left as it is.

    Returns:
        A network of the same modules in the better order; the one given where there is nothing to reorder, or where
        its modules are not simply called one after another.
    """
    if type(network) is not nn.Sequential:  # what inherits from it may call its modules in another way
        return network
    modules = list(network._modules.items())
    before = list(modules)
    for place in range(len(modules) - 1):
        (_, module), (_, following) = modules[place : place + 2]
        if type(module) is nn.ReLU and type(following) in POOLINGS and not following.return_indices:
            modules[place : place + 2] = reversed(modules[place : place + 2])
    if modules == before:
        return network
    reordered = copy.copy(network)  # with all that hangs on it, such as hooks and terms
    reordered._modules = dict(modules)
    return reordered
