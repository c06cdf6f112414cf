"""Ctrl-C and its like as a request, so that an update is never left half done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Ctrl-C, what ends a service or a batch job, and what a closed terminal sends; Windows does not know all of them.
REQUESTS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass
class Stop:
    """Whether the user asked to stop."""

    requested: bool = False


@contextlib.contextmanager
def interruptible() -> Iterator[Stop]:
    """Within this context the first Ctrl-C sets the flag, and so do the signals TERM and HUP; a second acts as usual.

    Outside the main thread, where Python handles no signals, the flag is never set. A signal that is ignored, as HUP is
    under nohup, stays so.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_signal(number: int, _: Any) -> None:
        stop.requested = True
        signal.signal(number, before[number])

    heard = [number for number in REQUESTS if signal.getsignal(number) not in {signal.SIG_IGN, None}]
    before = {number: signal.signal(number, on_signal) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
