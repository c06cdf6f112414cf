"""A program in a fresh process: what it answers, how long the whole process takes, and its greatest memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHOWN_OF_A_FAILURE = 2000


@dataclass(frozen=True)
class Program:
    """What is run.

    Attributes:
        name: What tables call it.
        command: The command line.
        read: Makes figures of what it prints.
        environment: Variables that it needs.
        folder: Where it runs; here unless given.
    """

    name: str
    command: tuple[str, ...]
    read: Callable[[bytes], dict[str, Any]] = field(default=lambda _: {})
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


def measure(program: Program) -> dict[str, Any]:
    """Run a program once.

    This process must stay small: Linux counts the memory that it had at the start of a child as the child's.

    Returns:
        ``program``, ``answer_seconds`` until it had printed its first line, ``total_seconds`` of the whole process,
        ``process_peak_memory_mib``, and what was read.

    Raises:
        RuntimeError: The program failed.
    """
    environment = {**os.environ, **program.environment}
    with tempfile.TemporaryFile() as messages:
        started = time.perf_counter()
        process = subprocess.Popen(
            program.command, stdout=subprocess.PIPE, stderr=messages, env=environment, cwd=program.folder
        )
        output = process.stdout.readline() if process.stdout else b""
        answer_seconds = time.perf_counter() - started
        output += process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        total_seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            end = messages.read().decode(errors="replace")[-SHOWN_OF_A_FAILURE:]
            raise RuntimeError(f"{program.name} ended with {process.returncode}: {' '.join(program.command)}\n{end}")
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    measured = {"answer_seconds": answer_seconds, "total_seconds": total_seconds, "process_peak_memory_mib": peak}
    return {**program.read(output), "program": program.name, **measured}
