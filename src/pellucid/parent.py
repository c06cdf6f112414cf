"""Processes that work for another one, and end when it does, however it ends."""

from __future__ import annotations

import os
import threading
import time

SECONDS_BETWEEN_LOOKS = 0.5


def end_with(parent: int) -> None:
    """From now on, end this process when its parent is gone: a killed parent can tell nobody to stop.

    Its workers would otherwise wait for it for ever with all their memory, or go on behind the back of a second try.

    Args:
        parent: The id of the process that began this one.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)
