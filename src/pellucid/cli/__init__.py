"""The command line: one module a command, which reads arguments and prints; the work is done elsewhere."""

import os
import signal
from collections.abc import Callable, Iterable

from pellucid.train.interrupt import REQUESTS

INTERRUPTED = 130  # exit status


def main() -> None:
    """Run the command line, in which the signals TERM and HUP do what Ctrl-C does.

    What is imported for it takes longer than some commands. Ctrl-C meanwhile ends the process without a word, as
    nothing has begun; and so it does when all is done and Python clears up. A signal that is ignored stays so, as
    Ctrl-C in the background and HUP under nohup.
    """
    usual = {signal.default_int_handler, signal.SIG_DFL}
    heard = [number for number in REQUESTS if signal.getsignal(number) in usual]
    _answer(heard, _leave)
    from pellucid.cli.app import run

    _answer(heard, signal.default_int_handler)
    try:
        run()
    finally:
        _answer(heard, _leave)


def _answer(numbers: Iterable[int], handler: Callable[..., object]) -> None:
    for number in numbers:
        signal.signal(number, handler)


def _leave(*_: object) -> None:
    os._exit(INTERRUPTED)
