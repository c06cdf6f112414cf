"""Ctrl-C and its like: the exit status that they lead to, and that they wait while large libraries are imported."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from pellucid.cli import INTERRUPTED as INTERRUPTED
from pellucid.train.interrupt import REQUESTS


def is_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: Python makes others of it, as where a class is made while it is imported."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Within this context Ctrl-C and its like wait. torch aborts when it is interrupted while it is imported."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, REQUESTS)
