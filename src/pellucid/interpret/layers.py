"""The layers of a trained network by name, and what passes through them, without a trace on the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from pellucid.errors import Fault, RunError, SettingError, suggest

Observer = Callable[[str, nn.Module, Any, Tensor], None]


def layers_of(model: nn.Module) -> dict[str, nn.Module]:
    """The layers by name, in the order in which they were made: modules that hold no others.

    For a `ModelSpec` the names are those of its walk, with each activation as a layer of its own after its layer
    (``conv2d_1``, ``conv2d_1_relu``).
    """
    return {name: module for name, module in model.named_modules() if name and not any(module.children())}


def convolutions_of(model: nn.Module) -> dict[str, nn.Conv2d]:
    """The convolutions by name, in the order in which they were made.

    Raises:
        RunError: There is no convolution.
    """
    found = {name: module for name, module in layers_of(model).items() if isinstance(module, nn.Conv2d)}
    if not found:
        raise RunError("This needs a network with a convolution; the run's has none. See: pellucid shapes RUN")
    return found


def require_layer(name: str, known: Iterable[str], what: str = "layer") -> str:
    """The name itself, when it is among the known ones.

    Raises:
        SettingError: The name is none of them; the nearest is suggested, and all are listed.
    """
    names = list(known)
    if name not in names:
        rule, near, known_names = f"Unknown {what} {name!r}", suggest(name, names), f"Known: {', '.join(names)}."
        raise SettingError([Fault(rule, remedy=near if near == known_names else f"{near} {known_names}")])
    return name


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Within this context the network is in evaluation mode and its weights take no gradient.

    Afterwards each module's mode, each weight's gradient and whether it takes one are as they were, whatever happened
    in between.

    Raises:
        RunError: A weight is not finite, so that no picture would mean anything.
    """
    _require_finite(model)
    modes = [(module, module.training) for module in model.modules()]
    weights = [(weight, weight.requires_grad, weight.grad) for weight in model.parameters()]
    try:
        model.eval()
        for weight, _, _ in weights:
            weight.requires_grad_(False)
        yield
    finally:
        for module, training in modes:
            module.training = training
        for weight, required, gradient in weights:
            weight.requires_grad_(required)
            weight.grad = gradient


@contextmanager
def watched(model: nn.Module, names: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Within this context each pass through the network leaves here what the named layers gave, with its gradient.

    The values are those that the layer itself gave: of a convolution, those before its activation.

    Args:
        model: The network.
        names: Names of layers, as `layers_of` gives them.

    Raises:
        SettingError: A layer is unknown.
    """
    layers, seen = layers_of(model), dict[str, Tensor]()

    def keep(name: str, _module: nn.Module, _taken: Any, given: Any) -> Any:
        if not isinstance(given, Tensor):
            return None
        seen[name] = given
        return given.clone()  # what a later layer may change in place

    with _hooked({require_layer(name, layers): layers[name] for name in names}, keep):
        yield seen


@contextmanager
def observed(model: nn.Module, observe: Observer) -> Iterator[None]:
    """Within this context each layer that is called is reported at once, before a later one can change its output.

    Args:
        model: The network.
        observe: Called with the layer's name, the layer, the first thing that it took, and the tensor that it gave.
    """

    def report(name: str, module: nn.Module, taken: tuple[Any, ...], given: Any) -> None:
        if isinstance(given, Tensor):
            observe(name, module, taken[0] if taken else None, given)

    with _hooked(layers_of(model), report):
        yield


@contextmanager
def _hooked(layers: Mapping[str, nn.Module], hook: Callable[..., Any]) -> Iterator[None]:
    """Within this context the hook is called with the name of each layer and what torch tells forward hooks."""
    handles = [module.register_forward_hook(partial(hook, name)) for name, module in layers.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _require_finite(model: nn.Module) -> None:
    for name, weight in model.state_dict().items():
        if weight.is_floating_point() and not weight.isfinite().all():
            raise RunError(f"The weights must be finite; received others in {name}. Train the run anew.")
