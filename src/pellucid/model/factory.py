"""Networks that the user's own code makes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from pellucid.errors import Fault, SpecError
from pellucid.model.blame import reason
from pellucid.model.trial import try_out
from pellucid.spec.model import FactorySpec
from pellucid.spec.seeds import derive_seed


def build_from_factory(factory: Callable[..., Any], spec: FactorySpec, seed: int = 0) -> nn.Module:
    """Call a factory, and see that what it makes can be trained, and on which terms; see `try_out`.

    Args:
        factory: The callable that makes the network.
        spec: The shape and classes; its name serves in messages.
        seed: torch's generator stands at a seed that follows from it during the call, and while lazy layers make their
            weights.

    Raises:
        SpecError: The factory returns no module, or one that does not fit.
    """
    offered = {"input_shape": spec.input_shape, "classes": spec.classes}
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        parameters = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        try:
            module = factory(**{name: value for name, value in offered.items() if name in parameters})
        except (Exception, SystemExit) as error:
            raise SpecError([Fault(f"The factory {spec.factory} must not fail", reason(error))]) from error
        if not isinstance(module, nn.Module):
            raise SpecError([Fault(f"{spec.factory} must return a torch.nn.Module", type(module).__name__)])
        try_out(module, spec)
    return module


def import_factory(name: str) -> Callable[..., Any]:
    """The callable of a name, ``package.module:name``.

    Raises:
        SpecError: The callable cannot be imported, or is not callable.
    """
    module_name, _, attributes = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except (Exception, SystemExit) as error:
        remedy = "Write package.module:name, and start where Python finds the package."
        raise SpecError([Fault(f"The factory {name} must be importable", reason(error), remedy)]) from error
    if not callable(found):
        raise SpecError([Fault(f"The factory {name} must be callable", type(found).__name__)])
    return found
