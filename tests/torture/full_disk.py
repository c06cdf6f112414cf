"""Run commands on a disk that is full at any moment: `make torture-disk`.

Each command works on a small file system in memory (tmpfs), of which a random share is free. It must do its work, or
say that there is no room, with status 1. What lay there before must be as it was, or beside it where the message says
so, or else be wholly replaced. Linux can do this without being root, in a mount namespace of its own.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .kill import MODEL, PROGRAM, TAKES_LONG, _digits, _zip

DISK = Path("/mnt")  # in a mount namespace of this program's own
CACHE, FILLER = DISK / "cache", "filler"
SIZE = 48 * 2**20
NETWORK = ("--model", MODEL, "--epochs", "2")
Contents = dict[str, bytes]


@dataclass(frozen=True)
class Command:
    """A command, and what may be another afterwards.

    Attributes:
        words: The command.
        over: The folder that it replaces as a whole; empty for none.
        writes: The beginning of the names of files that it may write anew; empty for none.
    """

    words: tuple[str, ...]
    over: str = ""
    writes: str = ""


COMMANDS = {
    "train": Command(("train", "data/digits.npz", *NETWORK, "--out", "runs/new")),
    "train in the place of a run": Command(
        ("train", "data/digits.npz", *NETWORK, "--seed", "7", "--out", "runs/one", "--overwrite"), over="runs/one"
    ),
    "train further": Command(("train", "--resume", "runs/one", "--epochs", "3"), over="runs/one"),
    "evaluate": Command(("evaluate", "runs/one", "--robustness"), writes="runs/one/"),
    "report": Command(("report", "runs/one", "--quick"), writes="runs/one/report.html"),
    "explore": Command(("explore", "runs/one", "--quick", "--out", "page.html")),
    "export": Command(("export", "runs/one", "--out", "shipped/new")),
    "export in the place of one": Command(
        ("export", "runs/one", "--out", "shipped/one", "--overwrite"), over="shipped/one"
    ),
    "study": Command(("study", "seeds", "data/digits.npz", *NETWORK, "--n", "2", "--out", "runs/study")),
    "data clean": Command(("data", "clean", "data/images.zip", "--drop", "duplicates", "--out", "copy")),
    "data audit": Command(("data", "audit", "data/images.zip", "--html", "audit.html")),
    "filters": Command(("filters", "runs/one")),
}


def main() -> None:
    """Run each command so often, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10, help="Of each command.")
    parser.add_argument("--commands", nargs="*", default=list(COMMANDS), choices=list(COMMANDS), metavar="COMMAND")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if "PELLUCID_OWN_MOUNTS" not in os.environ:
        words = ["unshare", "--user", "--mount", "--map-root-user", sys.executable, "-m", "tests.torture.full_disk"]
        os.environ["PELLUCID_OWN_MOUNTS"] = "1"
        sys.exit(subprocess.run([*words, *sys.argv[1:]], check=False).returncode)
    os.environ["PELLUCID_CACHE"] = str(CACHE)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        _lay(base)
        for name in given.commands:
            told = _tried(base, COMMANDS[name], given.cases, random.Random(f"{given.seed}/{name}"))
            print(f"{name}: {told}", flush=True)


def _lay(base: Path) -> None:
    """Data, a run and an export of it, which the commands work on."""
    (base / "data").mkdir(parents=True)
    _digits(base / "data" / "digits.npz")
    _zip(base / "data" / "images.zip", 1200)
    with _disk(base):
        for words in (("train", "data/digits.npz", *NETWORK, "--out", "runs/one"), COMMANDS["export"].words):
            done = _run([*words[:-1], words[-1].replace("new", "one")])
            if done.returncode:
                sys.exit(done.stderr)
        shutil.copytree(DISK, base, dirs_exist_ok=True)


@contextmanager
def _disk(base: Path) -> Iterator[None]:
    """A disk with copies of some files."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(DISK)], check=True)
    try:
        shutil.copytree(base, DISK, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", str(DISK)], check=True)


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *words]
    return subprocess.run(command, cwd=DISK, capture_output=True, text=True, timeout=TAKES_LONG, check=False)


def _tried(base: Path, command: Command, cases: int, chance: random.Random) -> str:
    """How often the command did its work, and how often there was no room; the program ends at anything else."""
    with _disk(base):
        before = _used()
        done = _run(command.words)
        if done.returncode:
            sys.exit(f"With all the room that it wants: {done.stderr}")
        wanted = 2 * (_used() - before) + 256 * 2**10  # what it replaces is there twice for a time
    ended = 0
    for _ in range(cases):
        free = chance.randrange(wanted)
        with _disk(base):
            older = _contents()
            (DISK / FILLER).write_bytes(bytes(max(0, SIZE - _used() - free)))
            done = _run(command.words)
            (DISK / FILLER).unlink()
            if fault := _fault(command, done, older, _contents()):
                sys.exit(f"{' '.join(command.words)}, with {free:,} bytes free: {fault}\n{done.stderr}")
            ended += not done.returncode
    return f"{cases} times: {ended} times done, {cases - ended} times refused"


def _fault(command: Command, done: subprocess.CompletedProcess[str], older: Contents, now: Contents) -> str:
    """What should not be so after a command; empty where all is well."""
    if done.returncode not in {0, 1} or "Traceback" in done.stderr:
        return f"it ended with status {done.returncode}"
    if done.returncode and os.strerror(errno.ENOSPC) not in done.stderr:
        return "it does not say that there is no room"
    if left := [name for name in now if Path(name).name.startswith(".") and Path(name).name != ".lock"]:
        return f"{left} are left"
    of_older = {name for name in older if command.over and name.startswith(f"{command.over}/")}
    kept = {name for name in older.keys() - of_older if not (command.writes and name.startswith(command.writes))}
    if lost := [name for name in kept if now.get(name) != older[name]]:
        return f"{lost} are lost or changed"
    aside = {name: name.replace(command.over, f"{command.over}-before-1", 1) for name in of_older}
    if done.returncode and (
        lost := [name for name in of_older if older[name] not in (now.get(name), now.get(aside[name]))]
    ):
        return f"{lost} of what was to be replaced are lost or changed"
    return ""


def _used() -> int:
    disk = os.statvfs(DISK)
    return (disk.f_blocks - disk.f_bavail) * disk.f_frsize


def _contents() -> Contents:
    """The files on the disk, by their names, but for those that are made anew when they are needed."""
    files = (file for file in DISK.rglob("*") if file.is_file() and file.name != FILLER and CACHE not in file.parents)
    return {str(file.relative_to(DISK)): file.read_bytes() for file in files}


if __name__ == "__main__":
    main()
