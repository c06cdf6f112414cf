"""Ctrl-C, TERM and HUP at any moment from the program's entry on: status 130, and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pellucid.cli.interrupts import is_interrupt

# Sends a signal at the import of that number, counted from the program's entry on.
PROGRAM = """
import os, signal, sys
from pellucid.cli import main

left, number = int(sys.argv.pop(1)), signal.Signals[sys.argv.pop(1)]

def on_event(event, _):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), number)

sys.addaudithook(on_event)
try:
    main()
finally:
    print(left)
"""


def start(moment: int, number: str = "SIGINT") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(moment), number, "runs"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def imports() -> int:
    """How many imports `pellucid runs` needs."""
    done = start(100_000)
    assert done.returncode == 0
    return 100_000 - int(done.stdout.split()[-1])


@pytest.mark.parametrize("tenth", range(10))
def test_ctrl_c_while_starting(imports: int, tenth: int) -> None:
    assert imports > 100
    done = start(1 + tenth * (imports - 1) // 10)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("tenth", [0, 5, 9])
def test_term_and_hup_do_the_same(imports: int, number: str, tenth: int) -> None:
    done = start(1 + tenth * (imports - 1) // 10, number)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", ["INT", "HUP"])
def test_what_is_ignored_stays_ignored(number: str) -> None:
    command = f"trap '' {number}; exec {sys.executable} -c \"$0\" 5 SIG{number} runs"
    done = subprocess.run(["sh", "-c", command, PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0


def test_ctrl_c_behind_another_error_is_known() -> None:
    class Field:
        def __set_name__(self, *_: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises((RuntimeError, KeyboardInterrupt)) as caught:
        type("Made", (), {"field": Field()})
    assert is_interrupt(caught.value)
    assert not is_interrupt(ValueError())
