"""Networks that the user's own code makes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from pellucid.errors import Fault, SpecError
from pellucid.spec.model import FactorySpec
from pellucid.spec.seeds import derive_seed


def build_from_factory(factory: Callable[..., Any], spec: FactorySpec, seed: int = 0) -> nn.Module:
    """Call a factory, and see that what it makes takes the images and gives a logit for each class.

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
        except Exception as error:
            raise SpecError([Fault(f"The factory {spec.factory} must not fail", _reason(error))]) from error
        if not isinstance(module, nn.Module):
            raise SpecError([Fault(f"{spec.factory} must return a torch.nn.Module", type(module).__name__)])
        _check_output(module, spec)
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
    except Exception as error:
        remedy = "Write package.module:name, and start where Python finds the package."
        raise SpecError([Fault(f"The factory {name} must be importable", _reason(error), remedy)]) from error
    if not callable(found):
        raise SpecError([Fault(f"The factory {name} must be callable", type(found).__name__)])
    return found


def _check_output(module: nn.Module, spec: FactorySpec) -> None:
    height, width, channels = spec.input_shape
    was_training = module.training
    try:
        with torch.no_grad():  # not in inference mode, where lazy layers would make weights that cannot learn
            output = module.eval()(torch.zeros(2, channels, height, width))
    except Exception as error:
        rule = f"{spec.factory} must take float images [batch, {channels}, {height}, {width}]"
        raise SpecError([Fault(rule, _reason(error))]) from error
    finally:
        module.train(was_training)
    received = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if received != [2, spec.classes]:
        raise SpecError([Fault(f"{spec.factory} must give logits [batch, {spec.classes}]", str(received))])
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise SpecError([Fault(f"{spec.factory} must have something to learn", "no parameters")])


def _reason(error: Exception) -> str:
    """The kind of an error in the user's code, and the first line of what it says."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}".removesuffix(": ")
