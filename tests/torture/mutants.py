"""Change files at random and have Pellucid read them: `make torture-files`.

A file that somebody damaged, or made to do harm, is read or is refused with a message of Pellucid's, within bounds of
time and memory; nothing else may happen. Each case follows from its kind, the seed and its number alone, so that it can
be had again: ``--kinds png --seed 0 --only 1234``. A few hundred cases are among the usual tests.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pellucid.errors import PellucidError
from pellucid.machine import cores, peak_memory_mib, reset_peak_memory

from .originals import KINDS

MOST_SECONDS, MOST_MIB = 20.0, 2048.0
VALUE = re.compile(r'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|"[^"\n]{0,300}"|\b(?:null|true|false)\b')
# What numbers and texts are replaced with: what programs stumble over.
OTHERS = (
    *("0", "-1", "0.5", "1e400", "1e-320", "NaN", "-Infinity", "1e5", "2147483648", "18446744073709551616", "9" * 5000),
    *('""', r'"\u0000"', r'"\ud800"', r'"\u001b[2J"', '"../../../etc/passwd"', '"/dev/zero"', f'"{"A" * 4000}"'),
    *("null", "true", "[]", "{}", "[" * 100_000),
)
BYTES = (b"\0", b"\xff", b"\x80", b"\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")
Change = Callable[[bytearray, random.Random], None]


def mutant(content: bytes, chance: random.Random) -> bytes:
    """The same content with one to four changes."""
    raw = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        chance.choice(CHANGES)(raw, chance)
    return bytes(raw)


def _flip(raw: bytearray, chance: random.Random) -> None:
    if raw:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)


def _set(raw: bytearray, chance: random.Random) -> None:
    place, some = chance.randrange(len(raw) + 1), chance.choice(BYTES)
    raw[place : place + len(some)] = some


def _set_at_an_end(raw: bytearray, chance: random.Random) -> None:
    """Where headers and tables of contents stand."""
    place = chance.randrange(min(64, len(raw)) + 1)
    place = place if chance.random() < 0.5 else len(raw) - place
    raw[place : place + 1] = chance.choice(BYTES)[:1]


def _cut(raw: bytearray, chance: random.Random) -> None:
    del raw[chance.randrange(len(raw) + 1) :]


def _take_out(raw: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(raw) + 1)
    del raw[place : place + chance.choice((1, 4, 64, 1024))]


def _repeat(raw: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(raw) + 1)
    some = raw[place : place + chance.choice((1, 16, 512))]
    raw[place:place] = some * chance.choice((1, 3, 50, 300))


def _splice(raw: bytearray, chance: random.Random) -> None:
    here, there = chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)
    size = chance.choice((4, 32, 256))
    raw[here : here + size] = raw[there : there + size]


def _word(raw: bytearray, chance: random.Random) -> None:
    """Another value in the place of one; where there is none, other bytes."""
    words = list(VALUE.finditer(raw.decode("latin-1")))
    if not words:
        _set(raw, chance)
        return
    word = chance.choice(words)
    raw[word.start() : word.end()] = chance.choice(OTHERS).encode()


CHANGES: tuple[Change, ...] = (_flip, _set, _set_at_an_end, _cut, _take_out, _repeat, _splice, _word, _word)


class TookTooLongError(Exception):
    """A case took more time than it may."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """End what takes longer, by an exception, or with the whole process where that is not heard.

    Where other processes keep the cores busy it may take longer by so much.
    """
    seconds *= max(1.0, os.getloadavg()[0] / cores())

    def ring(*_: object) -> None:
        raise TookTooLongError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(3 * seconds, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


class Bench:
    """A file of one kind, and a folder in which it is changed and read.

    Attributes:
        kind: How it is made and read.
        folder: The folder, which nothing else is in.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.kind, self.folder = name, KINDS[name], folder
        self._made, self._work, self._cache = folder / "made", folder / "work", folder / "cache"
        self._laid: dict[str, tuple[int, int]] | None = None
        self._made.mkdir(parents=True)
        os.environ["PELLUCID_CACHE"] = str(self._cache)
        self.path = self.kind.make(self._made).relative_to(self._made)
        self.content = (self._made / self.path).read_bytes()
        self._answer = repr(self.kind.read(self._changed(self.content)))  # what nobody changed must be read

    def outcome(self, seed: int, number: int, seconds: float = MOST_SECONDS) -> str:
        """What came of a case within so much time: ``read``, ``refused``, or what should not have happened."""
        content = mutant(self.content, random.Random(f"{seed}/{self.name}/{number}"))
        place = self._changed(content)
        reset_peak_memory()
        before = peak_memory_mib()
        try:
            with _within(seconds), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = self.kind.read(place)
            told = "read"
            if self.kind.whole and repr(answer) != self._answer:
                told = f"{answer} in place of {self._answer}, without a word"
        except PellucidError as error:
            told = "refused" if str(error).strip() else "refused without a word"
        except BaseException:  # noqa: BLE001 - that there is none other is what is asked
            told = traceback.format_exc()
        if (taken := peak_memory_mib() - before) > MOST_MIB:
            told = f"{taken:,.0f} MiB were taken; {told}"
        return told

    def _changed(self, content: bytes) -> Path:
        """The changed file among what belongs to it, in a folder that is as it was at first."""
        place = self._work / self.path
        place.unlink(missing_ok=True)
        if self._cache.exists() or self._laid is None or self._lying() != self._laid:
            shutil.rmtree(self._work, ignore_errors=True)
            shutil.rmtree(self._cache, ignore_errors=True)
            shutil.copytree(self._made, self._work, symlinks=True)
            place.unlink()
            self._laid = self._lying()
        os.environ["PELLUCID_CACHE"] = str(self._cache)
        place.write_bytes(content)
        if self.kind.mend:
            place = self.kind.mend(place) or place
        return place

    def _lying(self) -> dict[str, tuple[int, int]]:
        """What lies beside the changed file, each with its size in bytes and the time of its last change."""
        found: dict[str, tuple[int, int]] = {}
        folders = [str(self._work)]
        while folders:
            for entry in os.scandir(folders.pop()):
                state = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    found[entry.path] = (0, 0)
                else:
                    found[entry.path] = (state.st_size, state.st_mtime_ns)
        return found


def main() -> None:
    """Try so many cases of each kind, and say what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="Of each kind.")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="The one case with this number.")
    asked = parser.parse_args()
    numbers = [asked.only] if asked.only is not None else list(range(asked.cases))
    total, began = Counter[str](), time.perf_counter()
    for name in asked.kinds:
        counts, bad = _kind_tried(name, asked.seed, numbers[:: KINDS[name].one_in])
        total += counts
        print(f"{name}: {_summary(counts)}", flush=True)
        alike: dict[str, list[tuple[int, str]]] = {}
        for number, told in bad:
            alike.setdefault("".join(told.splitlines()[-3:-1]) or told, []).append((number, told))
        for some in alike.values():
            number, told = some[0]
            print(f"  {len(some):,} like {name!r} --seed {asked.seed} --only {number}:\n{told}", flush=True)
    print(f"all: {_summary(total)}, in {time.perf_counter() - began:,.0f} s")
    sys.exit(bool(total["other"]))


def _summary(counts: Counter[str]) -> str:
    return (
        f"{counts.total():,} cases: {counts['read']:,} read, {counts['refused']:,} refused, {counts['other']:,} other"
    )


def _kind_tried(name: str, seed: int, numbers: list[int]) -> tuple[Counter[str], list[tuple[int, str]]]:
    """What came of the cases of a kind; a process that ends before its time is such a case, and another goes on."""
    counts, bad, left = Counter[str](), list[tuple[int, str]](), list(numbers)
    while left:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=_try, args=(name, seed, left, sender))
        process.start()
        sender.close()
        done = 0
        while True:
            try:
                told = receiver.recv()
            except EOFError:
                break
            counts[told if told in {"read", "refused"} else "other"] += 1
            if told not in {"read", "refused"}:
                bad.append((left[done], told))
            done += 1
        process.join()
        if done < len(left):
            counts["other"] += 1
            bad.append((left[done], f"the process ended with status {process.exitcode}"))
        left = left[done + 1 :]
    return counts, bad


def _try(name: str, seed: int, numbers: list[int], sender: object) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background leaves it unheard
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(name, Path(folder) / "bench")
        for number in numbers:
            sender.send(bench.outcome(seed, number))


if __name__ == "__main__":
    main()
