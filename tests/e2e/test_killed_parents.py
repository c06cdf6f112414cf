"""A command that is killed leaves no process behind that works on, or waits with all its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]
LONG = 300.0  # only so as not to hang

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux tells whose child a process is")


def images(path: Path, count: int) -> Path:
    """An archive with a folder a class."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number % 2}/{number}.png", buffer.getvalue())
    return path


def workers(process: int) -> list[int]:
    """The worker processes of a process: loky's, without those that look after their resources."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return [child for child in children if b"popen_loky_posix" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_running(process: int) -> bool:
    """Whether a process has not ended; one that has, and that nobody asked about, is still listed."""
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@needs_proc
@pytest.mark.parametrize("command", ["data show", "study folds"])
def test_workers_end_when_their_parent_is_killed(command: str, tmp_path: Path) -> None:
    if command == "data show":
        asked = ["data", "show", str(images(tmp_path / "many.zip", 4_000)), "--out", str(tmp_path / "shown.png")]
    else:
        np.savez(
            tmp_path / "few.npz",
            x_train=np.random.default_rng(0).integers(0, 256, (2000, 28, 28), dtype=np.uint8),
            y_train=np.arange(2000) % 2,
        )
        settings = ["--k", "2", "--processes", "2", "--epochs", "1000", "--out", str(tmp_path / "study")]
        asked = ["study", "folds", str(tmp_path / "few.npz"), *settings]
    environment = os.environ | {"PELLUCID_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [*PROGRAM, *asked], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + LONG
    while not (found := workers(process.pid)):
        assert process.poll() is None, "it ended before it had workers"
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while any(map(is_running, found)):
        assert time.monotonic() < until, "its workers are still there"
        time.sleep(0.05)
