"""The command line: one module a command, which reads arguments and prints; the work is done elsewhere."""

import os
import signal

INTERRUPTED = 130  # exit status


def main() -> None:
    """Run the command line.

    What is imported for it takes longer than some commands. Ctrl-C meanwhile ends the process without a word, as
    nothing has begun; and so it does when all is done and Python clears up.
    """
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:  # and not ignored, as in the background
        signal.signal(signal.SIGINT, _leave)
    from pellucid.cli.app import run

    signal.signal(signal.SIGINT, heard)
    try:
        run()
    finally:
        if heard is signal.default_int_handler:
            signal.signal(signal.SIGINT, _leave)


def _leave(*_: object) -> None:
    os._exit(INTERRUPTED)
