"""Kill what is under way at random moments, go on with it, and compare what comes of it: `make torture`.

Not a test of the usual ones, as it takes half an hour on two idle cores. Trainings, studies, the decoding of images
into the cache, and exports are killed (SIGKILL) at a random moment from their start, taken up again, and perhaps killed
again, until they are done. What is there then must be what it is where nobody ever killed: to the bit, times aside. An
export that a kill leaves must prove itself, and in the end nothing half-written may be left, and no process.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

import pellucid as pl

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]
MODEL = "conv 8 5x5 stride 2, batchnorm, relu, dropout 0.2, flatten, dense 10"
READING = "import pellucid as pl; print(pl.load_data({!r}, progress=False).train.fingerprint)"
TAKES_LONG = 600.0  # only so as not to hang


class Work(ABC):
    """A kind of work that is killed.

    Attributes:
        names: Of the examples of it.
        folder: An empty folder, for what all examples need.
    """

    names: Sequence[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @abstractmethod
    def next(self, name: str, place: Path) -> list[str] | None:
        """The command that begins an example in a place, or goes on with it; None when all is done."""

    @abstractmethod
    def content(self, place: Path) -> object:
        """What has come of it, times aside."""

    def require_whole(self, place: Path) -> None:  # noqa: B027 - most have nothing to ask
        """See that what a kill left can be relied upon."""


class Trainings(Work):
    """Runs, which go on from their last checkpoint."""

    examples: ClassVar = {
        "alone": ("--epochs", "12", "--schedule", "one_cycle"),
        "augmented": ("--epochs", "8", "--augment", "shift=0.1,rotation=10", "--optimizer", "adamw"),
        "vote": ("--epochs", "4", "--vote", "3", "--patience", "2"),
    }
    names = tuple(examples)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = _digits(folder / "digits.npz")

    def next(self, name: str, place: Path) -> list[str] | None:
        record = _record(place / "run.json")
        if record is None:
            _out_of_the_way(place)
            return [*PROGRAM, "train", str(self.data), "--model", MODEL, *self.examples[name], "--out", str(place)]
        if record["status"] != "done":
            return [*PROGRAM, "train", "--resume", str(place)]
        if not (place / "evaluation.json").exists():  # killed between the training and its judgement
            return [*PROGRAM, "evaluate", str(place)]
        return None

    def content(self, place: Path) -> object:
        rows = [line.rsplit(",", 1)[0] for line in (place / "history.csv").read_text().splitlines()]
        return rows, [_digest(place / file) for file in ("model.safetensors", "evaluation.json")]


class Studies(Work):
    """Studies, whose trials go on, too."""

    examples: ClassVar = {
        "seeds": ("seeds", "--n", "3", "--model", MODEL, "--epochs", "3"),
        "folds": ("folds", "--k", "3", "--model", MODEL, "--epochs", "3"),
    }
    names = tuple(examples)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = _digits(folder / "digits.npz")

    def next(self, name: str, place: Path) -> list[str] | None:
        record = _record(place / "study.json")
        if record is None:
            _out_of_the_way(place)
            kind, *settings = self.examples[name]
            return [*PROGRAM, "study", kind, str(self.data), *settings, "--out", str(place)]
        return None if record["status"] == "done" else [*PROGRAM, "study", "resume", str(place)]

    def content(self, place: Path) -> object:
        with (place / "trials.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows or (place / "trials").exists():
            raise RuntimeError("The study has no trials, or what one of them was trained in is still there.")
        return [{name: value for name, value in row.items() if "second" not in name} for row in rows]


class Caches(Work):
    """Images that are decoded into the cache; what is read with what a kill left is what was there to read."""

    names = ("archive",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "digits.zip"
        _zip(self.data, 5000)
        self.fingerprint: str | None = None

    def next(self, name: str, place: Path) -> list[str] | None:
        os.environ["PELLUCID_CACHE"] = str(place)  # of this process and of those that it starts
        done = list(place.glob("images/*/index.json"))
        return None if done else [sys.executable, "-c", READING.format(str(self.data))]

    def content(self, place: Path) -> object:
        subprocess.run([*PROGRAM, "data", "cache", "--verify"], check=True, capture_output=True)
        files = {str(file.relative_to(place)): _digest(file) for file in place.rglob("*") if file.is_file()}
        read = pl.load_data(self.data, progress=False)
        if list(place.glob("images/*/index.json")) == [] or files == {}:
            raise RuntimeError("Nothing was cached.")
        return read.train.fingerprint, sorted(name for name in files if not name.endswith("index.json"))


class Exports(Work):
    """Exports, each in the place of an older one or in none: the older, the new, or none, but never a part of one."""

    names = ("first", "over an older one")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        data = _digits(folder / "digits.npz")
        for name, seed in (("older", "1"), ("newer", "2")):
            settings = ["--model", MODEL, "--epochs", "1", "--seed", seed, "--out", str(folder / name)]
            subprocess.run([*PROGRAM, "train", str(data), *settings], check=True, capture_output=True)
        self.weights: dict[str, str] = {}
        for name in ("older", "newer"):
            record = json.loads((folder / name / "run.json").read_text())
            self.weights[record["weights_sha256"]] = name

    def next(self, name: str, place: Path) -> list[str] | None:
        if self._found(place) == "newer":
            return None
        if name != "first" and not place.exists() and not list(place.parent.glob(f"{place.name}-before-*")):
            return [*PROGRAM, "export", str(self.folder / "older"), "--out", str(place)]
        return [*PROGRAM, "export", str(self.folder / "newer"), "--out", str(place), "--overwrite"]

    def content(self, place: Path) -> object:
        self.require_whole(place)
        names = ("model.onnx", "labels.json", "proof.safetensors", "README.md")
        return self._found(place), [_digest(place / file) for file in names]

    def require_whole(self, place: Path) -> None:
        if place.exists():
            subprocess.run([*PROGRAM, "export", "--verify", str(place)], check=True, capture_output=True)

    def _found(self, place: Path) -> str | None:
        record = _record(place / "parity.json")
        return self.weights[record["weights_sha256"]] if record else None


KINDS: dict[str, type[Work]] = {"trainings": Trainings, "studies": Studies, "caches": Caches, "exports": Exports}
KILLS = {"trainings": 100, "studies": 50, "caches": 50, "exports": 20}


def main() -> None:
    """Kill so many times, and say how often the same came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS), metavar="KIND", help=str(KILLS))
    parser.add_argument("--kills", type=int, help="Of each kind, where not the usual number.")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in given.kinds:
            chance = random.Random(f"{given.seed}/{kind}")
            print(f"{kind}: {_killed(kind, Path(folder) / kind, given.kills or KILLS[kind], chance)}", flush=True)


def _killed(kind: str, folder: Path, wanted: int, chance: random.Random) -> str:
    """Kill so many times, and what came of it; the program ends where anything else came of it than without kills."""
    work, kills, gone_on, number = KINDS[kind](folder), 0, 0, 0
    whole = {name: _whole(work, name, folder / name.replace(" ", "-") / "whole") for name in work.names}
    while kills < wanted:
        name = work.names[number % len(work.names)]
        place = folder / f"{number}" / "killed"
        place.parent.mkdir()
        content, seconds = whole[name]
        some, more = _until_done(work, name, place, seconds, chance)
        kills, gone_on, number = kills + some, gone_on + more, number + 1
        if work.content(place) != content:
            sys.exit(f"{name}, {number - 1} of {kind}, {some} kills: {work.content(place)} in place of {content}")
        if left := {file.name for file in place.parent.rglob(".*")} - {".lock"}:
            sys.exit(f"{name}, {number - 1} of {kind}, {some} kills: {sorted(left)} are left")
        print(f"{kind}: {kills} kills of {number}, {gone_on} times gone on", file=sys.stderr, flush=True)
    return f"{kills} kills of {number}, {gone_on} times gone on: the same each time, and nothing half-written is left"


def _whole(work: Work, name: str, place: Path) -> tuple[object, float]:
    """What comes of an example that nobody kills, and how long its longest process takes."""
    place.parent.mkdir()
    seconds = 0.0
    while command := work.next(name, place):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=TAKES_LONG)
        seconds = max(seconds, time.perf_counter() - began)
    return work.content(place), seconds


def _until_done(work: Work, name: str, place: Path, seconds: float, chance: random.Random) -> tuple[int, int]:
    """Begin, kill, go on, kill, …; how often it was killed, and how often it was gone on with."""
    kills = commands = 0
    while command := work.next(name, place):
        commands += 1
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, told = process.communicate(timeout=chance.uniform(0.1, 1.1) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=TAKES_LONG)  # till all are gone that it began, as they write there too
            kills += 1
            work.require_whole(place)
            continue
        if process.returncode:
            sys.exit(f"{name}: {told.decode()}")
    return kills, commands - 1


def _record(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _out_of_the_way(place: Path) -> None:
    """Move away what was killed before its record was written."""
    if place.exists():
        place.rename(place.with_name(f"empty-{len(list(place.parent.iterdir()))}"))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digits(path: Path) -> Path:
    mnist = pl.load_data("mnist")
    train, test = mnist.train.subset(np.arange(3000)), mnist.test.subset(np.arange(500))
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


def _zip(path: Path, count: int) -> None:
    """Digits as PNG files, a folder a class."""
    train = pl.load_data("mnist").train
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            buffer = io.BytesIO()
            Image.fromarray(train.images[number, ..., 0]).save(buffer, "PNG")
            archive.writestr(f"{train.labels[number]}/{number}.png", buffer.getvalue())


if __name__ == "__main__":
    main()
