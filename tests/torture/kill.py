"""Kill trainings at random moments, go on with each, and compare it with one in one go: `make torture`.

Not a test of the usual ones, as it takes a quarter of an hour for a hundred kills on two idle cores. Each training is
killed (SIGKILL) at a random moment from its start, taken up again, and perhaps killed again, until it is done. Weights,
history and evaluation must be those of a training that never was killed, to the bit.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import pellucid as pl

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]
MODEL = "conv 8 5x5 stride 2, batchnorm, relu, dropout 0.2, flatten, dense 10"
TRAININGS = {
    "alone": ("--epochs", "12", "--schedule", "one_cycle"),
    "augmented": ("--epochs", "8", "--augment", "shift=0.1,rotation=10", "--optimizer", "adamw"),
    "vote": ("--epochs", "4", "--vote", "3", "--patience", "2"),
}


def main() -> None:
    """Kill so many times, and say how often the bits were the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance, kills, trainings, resumed = random.Random(arguments.seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data = _digits(place / "digits.npz")
        wanted = {name: _whole(place / name, data, name) for name in TRAININGS}
        while kills < arguments.kills:
            name = list(TRAININGS)[trainings % len(TRAININGS)]
            run, (content, seconds) = place / f"run-{trainings}", wanted[name]
            made, taken_up = _until_done(run, data, name, seconds, chance)
            kills, trainings, resumed = kills + made, trainings + 1, resumed + taken_up
            if _content(run) != content:
                sys.exit(f"{name}: other bits after {made} kills (seed {arguments.seed}, training {trainings})")
            print(f"{kills} kills, {trainings} trainings, {resumed} gone on with: the same bits", flush=True)


def _digits(path: Path) -> Path:
    mnist = pl.load_data("mnist")
    train, test = mnist.train.subset(np.arange(3000)), mnist.test.subset(np.arange(500))
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


def _command(run: Path, data: Path, name: str) -> list[str]:
    return [*PROGRAM, "train", str(data), "--model", MODEL, *TRAININGS[name], "--out", str(run)]


def _whole(run: Path, data: Path, name: str) -> tuple[dict[str, object], float]:
    """What a training comes to that nobody kills, and how long the process takes."""
    began = time.perf_counter()
    subprocess.run(_command(run, data, name), check=True, capture_output=True)
    return _content(run), time.perf_counter() - began


def _until_done(run: Path, data: Path, name: str, seconds: float, chance: random.Random) -> tuple[int, int]:
    """Begin, kill, go on, kill, …; how often it was killed, and how often it was gone on with."""
    kills = resumed = 0
    while True:
        begun = (run / "run.json").exists()
        if begun and json.loads((run / "run.json").read_text())["status"] == "done":
            if not (run / "evaluation.json").exists():  # killed between the training and its judgement
                subprocess.run([*PROGRAM, "evaluate", str(run)], check=True, capture_output=True)
            return kills, resumed
        command = [*PROGRAM, "train", "--resume", str(run)] if begun else _command(run, data, name)
        resumed += begun
        if run.exists() and not begun:
            run.rename(run.with_name(f"{run.name}-empty-{kills}"))  # killed before its record was written
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, told = process.communicate(timeout=chance.uniform(0.1, 1.1) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        if process.returncode:
            sys.exit(f"{name}: {told.decode()}")


def _content(run: Path) -> dict[str, object]:
    rows = [line.rsplit(",", 1)[0] for line in (run / "history.csv").read_text().splitlines()]
    files = {file: (run / file).read_bytes() for file in ("model.safetensors", "evaluation.json")}
    return files | {"history": rows}


if __name__ == "__main__":
    main()
