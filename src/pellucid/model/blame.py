"""Whatever fails in a module of the user's is said with its name, its place and a remedy."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor, nn

from pellucid.errors import Fault, PellucidError
from pellucid.machine import lacks_memory
from pellucid.model.terms import terms_of

LIBRARIES = ("torch", "pellucid", "jaxtyping", "beartype")
REMEDIES = {  # by what torch says
    "view size is not compatible": "Write reshape, or flatten(1), in place of view.",
    "expected more than 1 value per channel": "Train on more images at once, or normalise larger maps.",
}


@contextmanager
def blamed(
    network: nn.Module, kind: Callable[[Fault], PellucidError], images: Tensor, when: str = ""
) -> Iterator[None]:
    """Within this context an error in a module of the user's becomes one of Pellucid's, with the first as its cause.

    Pellucid's own errors, want of memory, and errors in networks of Pellucid's own stay as they are.

    Args:
        network: Which may be, or hold, a module of the user's.
        kind: Makes the error.
        images: What it is given, [batch, channels, height, width].
        when: In which step, such as ``in epoch 1, step 5``.
    """
    try:
        yield
    except PellucidError:
        raise
    except Exception as error:
        factory = terms_of(network).factory
        if not factory or lacks_memory(error):
            raise
        count, *shape = images.shape
        rule = f"{factory} must take float images [batch, {', '.join(map(str, shape))}]"
        rule += f", {count} at once {when}" if when else ""
        raise kind(Fault(rule, reason(error, network), _remedy(error, list(images.shape)))) from error


def reason(error: BaseException, network: nn.Module | None = None) -> str:
    """The kind of an error in the user's code, the first line of what it says, and where it was."""
    text = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0].rstrip('.')}".removesuffix(": ")
    places = _places(error, network) if network else []
    return f"{text} (in {', '.join(places)})" if places else text


def _places(error: BaseException, network: nn.Module) -> list[str]:
    """The innermost layer that was under way, and the innermost line of the user's own code, as far as they are known.

    They are read off the traceback, so that nothing is to be paid for where nothing fails.
    """
    names = {id(module): name for name, module in network.named_modules()}
    layer = line = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        code, caller = frame.f_code, frame.f_locals.get("self")
        if names.get(id(caller)):
            layer = f"{names[id(caller)]}, a {type(caller).__name__}"
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in LIBRARIES and not code.co_filename.startswith("<"):
            line = f"{Path(code.co_filename).name} line {number}"
    return [place for place in (layer, line) if place]


def _remedy(error: BaseException, shape: list[int]) -> str:
    text = str(error).lower()
    by_itself = f"Try the module by itself on torch.rand({', '.join(map(str, shape))})."
    return next((remedy for mark, remedy in REMEDIES.items() if mark in text), by_itself)
