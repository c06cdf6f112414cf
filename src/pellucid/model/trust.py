"""Whether code that a file names may be run: only when the caller says so, as files may come from anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from pellucid.errors import RunError
from pellucid.spec.model import FactorySpec, ModelSpec

_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


@contextmanager
def trusting(trust: bool = True) -> Iterator[None]:
    """Within this context the code that run and study folders name is run, as before that or if it is trusted now."""
    token = _trusted.set(trust or _trusted.get())
    try:
        yield
    finally:
        _trusted.reset(token)


def trusted() -> bool:
    """Whether the code that run and study folders name is run here."""
    return _trusted.get()


def require_trust(model: ModelSpec | FactorySpec, folder: Path) -> None:
    """See that a folder asks for no code, or is trusted.

    Raises:
        RunError: Its network is made by code that it names, and nobody said that it may be run.
    """
    if isinstance(model, FactorySpec) and not trusted():
        what = f"The network of {folder} is made by code, {model.factory}, which would be run here"
        raise RunError(f"{what}. If you know who wrote it, give --trust (in Python trust=True).")


def require_trusted_file(place: Path, what: str) -> None:
    """See that a file that is code, or may hold some, is trusted before it is loaded.

    Args:
        place: The file.
        what: What it would do here, to follow its name.

    Raises:
        RunError: Nobody said that it may.
    """
    if not trusted():
        raise RunError(f"{place} {what}. If you know who made it, give --trust (in Python trust=True).")
