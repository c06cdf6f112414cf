"""A trial of the user's own module, under the conditions of training and of prediction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parameter import is_lazy

from pellucid.errors import Fault, SpecError
from pellucid.model.blame import blamed
from pellucid.model.terms import CHANNELS_LAST, CONTIGUOUS, Terms, lay_out, settle
from pellucid.spec.model import FactorySpec

CLOSE = 1e-4  # of a row of probabilities to 1
LOGITS_ALONE = "Return the logits alone, in training too; torchvision's networks do with aux_logits=False."


def try_out(module: nn.Module, spec: FactorySpec) -> None:
    """See that a module takes the images and learns from them, and find the terms on which it does; see `Terms`.

    The fast order in memory is tried first, and then the one that a module by itself has, on which some rely (``view``
    does). But for its terms, and for lazy layers, which make their weights, the module is left as it is.

    Args:
        module: On the CPU.
        spec: The shape and classes; its name serves in messages.

    Raises:
        SpecError: The module fails, gives no logits, or has nothing to learn.
    """
    settle(module, Terms(spec.factory, CONTIGUOUS))
    _begin(module, spec)
    try:
        terms = _terms_in(CHANNELS_LAST, module, spec)
    except SpecError:
        terms = _terms_in(CONTIGUOUS, module, spec)
    settle(module, terms)


def _begin(module: nn.Module, spec: FactorySpec) -> None:
    """The first call, in which lazy layers make their weights."""
    height, width, channels = spec.input_shape
    images, was_training = torch.zeros(2, channels, height, width), module.training
    try:  # not in inference mode, where lazy layers would make weights that cannot learn
        with torch.no_grad(), blamed(module, _refused, images):
            output = module.eval()(images)
    finally:
        module.train(was_training)
    _require_logits(output, spec, 2, "")
    if any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers())):
        rule = f"{spec.factory} must use all of its lazy layers in evaluation mode too"
        raise SpecError([Fault(rule, remedy="Give the others their sizes.")])
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise SpecError([Fault(f"{spec.factory} must have something to learn", "no parameters")])


def _terms_in(order: str, module: nn.Module, spec: FactorySpec) -> Terms:
    """The terms on which a module works in this order in memory.

    Raises:
        SpecError: It does not.
    """
    settle(module, Terms(spec.factory, order))
    with _left_as_it_is(module):
        lay_out(module)
        _learn(module, spec, 2)
        answer = _answer(module, spec, 2)
        _answer(module, spec, 1)
        try:
            _learn(module, spec, 1)
            least = 1
        except SpecError:  # a mean over the batch, as batch normalisation takes it, wants more
            least = 2
    sums_to_one = bool((answer >= 0).all()) and torch.allclose(answer.sum(1), torch.ones(2), atol=CLOSE)
    return Terms(spec.factory, order, least, sums_to_one)


def _learn(module: nn.Module, spec: FactorySpec, count: int) -> None:
    """As in an update: a loss and its gradients in training mode."""
    images, when = _images(spec, count), "in training mode"
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    with torch.enable_grad(), blamed(module, _refused, images, when):
        output = _require_logits(module.train()(images), spec, count, when)
        loss = cross_entropy(output.float(), torch.zeros(count, dtype=torch.int64))
        torch.autograd.grad(loss, weights, allow_unused=True)


def _answer(module: nn.Module, spec: FactorySpec, count: int) -> Float[Tensor, "batch classes"]:
    """As in prediction."""
    images, when = _images(spec, count), "in evaluation mode"
    with torch.inference_mode(), blamed(module, _refused, images, when):
        return _require_logits(module.eval()(images), spec, count, when).float()


def _images(spec: FactorySpec, count: int) -> Float[Tensor, "batch channels height width"]:
    """Noise that lies in memory as batches do."""
    return torch.rand(count, *spec.input_shape).permute(0, 3, 1, 2)


def _require_logits(output: Any, spec: FactorySpec, count: int, when: str) -> Tensor:
    if isinstance(output, Tensor) and list(output.shape) == [count, spec.classes]:
        return output
    rule = f"{spec.factory} must give logits [batch, {spec.classes}]"
    rule += f" for {count} at once {when}" if when else ""
    if isinstance(output, Tensor):
        raise _refused(Fault(rule, str(list(output.shape))))
    raise _refused(Fault(rule, f"a {type(output).__name__}", LOGITS_ALONE))


def _refused(fault: Fault) -> SpecError:
    return SpecError([fault])


@contextmanager
def _left_as_it_is(module: nn.Module) -> Iterator[None]:
    """Afterwards the module's weights, buffers, modes and plain attributes are as before."""
    buffers = [(part, name, buffer) for part in module.modules() for name, buffer in part.named_buffers(recurse=False)]
    tensors = (*module.parameters(), *(buffer for _, _, buffer in buffers))
    values = [(tensor, tensor.data, tensor.detach().clone()) for tensor in tensors]
    attributes = [(part, dict(vars(part))) for part in module.modules()]
    try:
        yield
    finally:
        for part, kept in attributes:
            vars(part).clear()
            vars(part).update(kept)
        for part, name, buffer in buffers:
            setattr(part, name, buffer)
        with torch.no_grad():
            for tensor, data, value in values:
                tensor.data = data
                data.copy_(value)
