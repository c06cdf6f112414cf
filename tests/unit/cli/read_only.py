"""Folders that nothing may be written to, for root as well."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 0x20080522  # of Linux's capability sets, which have two halves
IGNORES = 0b1110  # the rights to write and read anything, and to do with it as its owner may
READ_ONLY, USUAL = 0o555, 0o755


class _Head(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("thread", ctypes.c_int))


class _Rights(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Within this context nothing may be written to a folder, nor to those in it."""
    folders = [folder, *(place for place in folder.rglob("*") if place.is_dir())]
    for place in folders:
        place.chmod(READ_ONLY)
    try:
        with _permissions_kept():
            yield
    finally:
        for place in folders:
            place.chmod(USUAL)


@contextmanager
def _permissions_kept() -> Iterator[None]:
    """Within this context permissions hold for root, in this thread and those that it starts."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        yield
        return
    system, head, halves = ctypes.CDLL(None), _Head(VERSION, 0), (_Rights * 2)()
    assert system.capget(ctypes.byref(head), halves) == 0
    before = halves[0].effective
    halves[0].effective &= ~IGNORES
    assert system.capset(ctypes.byref(head), halves) == 0
    try:
        yield
    finally:
        halves[0].effective = before
        assert system.capset(ctypes.byref(head), halves) == 0
