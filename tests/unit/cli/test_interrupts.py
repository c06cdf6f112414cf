"""Ctrl-C at any moment from the program's entry on: status 130, and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pellucid.cli.interrupts import is_interrupt

# Presses Ctrl-C at the import of that number, counted from the program's entry on.
PROGRAM = """
import os, signal, sys
from pellucid.cli import main

left = int(sys.argv.pop(1))

def on_event(event, _):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(on_event)
try:
    main()
finally:
    print(left)
"""


def start(moment: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(moment), "runs"]
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


def test_ctrl_c_that_is_ignored_stays_ignored() -> None:
    command = f"trap '' INT; exec {sys.executable} -c \"$0\" 5 runs"
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
