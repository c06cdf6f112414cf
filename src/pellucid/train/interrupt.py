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

    Outside the main thread, where Python handles no signals, and where Ctrl-C is ignored, as under nohup, the flag is
    never set.
    """
    stop = Stop()
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
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
