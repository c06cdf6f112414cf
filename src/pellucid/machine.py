"""The machine that a process runs on: its cores, its memory, its libraries. Nothing here needs torch."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from pathlib import Path

LIBRARIES = ("torch", "numpy", "pydantic", "safetensors", "pillow", "matplotlib", "typer", "rich")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # from glibc's malloc.h
OLDER_MMAP_LIMIT = 32 << 20  # where glibc refuses more
KEPT_BYTES = 1 << 30
# What torch says when an allocation fails.
OUT_OF_MEMORY = ("out of memory", "allocate memory", "alloc_cpu", "calculation overflowed")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def keep_freed_memory() -> None:
    """Make glibc keep the buffers that each batch frees, of a training step or of a prediction.

    Otherwise they go back to the kernel and are faulted in again at the next batch, which in some processes made the
    first hundred training steps take 25 to 45 s in place of 2. Elsewhere than on glibc this does nothing.
    """
    if not on_glibc():
        return
    libc = ctypes.CDLL(None)
    if not libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES):
        libc.mallopt(M_MMAP_THRESHOLD, OLDER_MMAP_LIMIT)
    libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that an allocation failed."""
    text = (str(error).splitlines() or [""])[0].lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(mark in text for mark in OUT_OF_MEMORY)
    )


def memory_bytes() -> int | None:
    """Memory of this machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None


def on_glibc() -> bool:
    """Whether this process allocates with glibc."""
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def peak_memory_mib() -> float:
    """Greatest resident memory of this process so far, in MiB; 0.0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def reset_peak_memory() -> bool:
    """Let `peak_memory_mib` begin anew, after what is freed and kept has gone back to the system.

    Returns:
        Whether the system offers that; Linux does.
    """
    if on_glibc():
        ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that matter to a result."""
    from importlib.metadata import PackageNotFoundError, version  # which takes longer than all else here

    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "missing"
    return found
