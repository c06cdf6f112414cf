"""Ctrl-C as a request, so that an update is never left half done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass
class Stop:
    """Whether the user asked to stop."""

    requested: bool = False


@contextlib.contextmanager
def interruptible() -> Iterator[Stop]:
    """Within this context the first Ctrl-C sets the flag; a second one interrupts at once, as usual.

    Outside the main thread, where Python handles no signals, the flag is never set.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_signal(number: int, _: Any) -> None:
        stop.requested = True
        signal.signal(number, before)

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
