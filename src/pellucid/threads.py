"""How long OpenMP's threads spin while they wait for one another, which decides how a training fares beside other work.

torch works in parallel on GNU's OpenMP, libgomp, whose threads wait by spinning. On a machine with nothing else to do
that is the quickest way. Where a core is taken by another process, a thread that spins keeps from its core the very one
that it waits for, and a training of a second takes half a minute. libgomp reads its settings once, when it is loaded,
so they are chosen when Pellucid is imported, before torch is. They change no result.

Source: libgomp's manual, "Environment Variables", GOMP_SPINCOUNT and OMP_WAIT_POLICY.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

SPIN_COUNT, WAIT_POLICY = "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"
CHOICE = "PELLUCID_SPIN"  # ``default`` leaves all to OpenMP; else it tells that Pellucid chose, and from what it saw
QUIET, BUSY = "5000", "1000"  # `python -m benchmarks.compare busy` measures what they are worth
LOOKS, SECONDS_BETWEEN_LOOKS = 3, 0.001


def choose_spin_count() -> None:
    """Choose how long threads spin, by whether other processes keep the cores busy; it must run before torch is loaded.

    What the user set stands, and so does what a torch that is loaded already has read.
    """
    chosen_here = os.environ.get(CHOICE) in {"quiet", "busy"}
    set_by_user = not chosen_here and (SPIN_COUNT in os.environ or WAIT_POLICY in os.environ)
    if set_by_user or os.environ.get(CHOICE) == "default" or "torch" in sys.modules:
        return
    busy = others_are_running()
    os.environ[CHOICE], os.environ[SPIN_COUNT] = ("busy", BUSY) if busy else ("quiet", QUIET)


def others_are_running() -> bool:
    """Whether other processes leave this one fewer cores than it may use; False where the system does not tell."""
    least = sys.maxsize
    for _ in range(LOOKS):
        running = _running()
        if running is None:
            return False
        least = min(least, running)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return (os.cpu_count() or 1) - (least - 1) < mine


def spinning() -> str:
    """How threads spin in this process, and who chose it, in a few words."""
    count, policy, choice = (os.environ.get(name) for name in (SPIN_COUNT, WAIT_POLICY, CHOICE))
    if choice == "quiet":
        return f"{count}, chosen as no other work was seen"
    if choice == "busy":
        return f"{count}, chosen as other work was seen"
    given = [f"{name}={value}" for name, value in ((SPIN_COUNT, count), (WAIT_POLICY, policy)) if value]
    return ", ".join(given) or "OpenMP's default"


def _running() -> int | None:
    """Processes and threads that run or want to, this one too."""
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("procs_running"))
    except (OSError, ValueError, StopIteration):
        return None
