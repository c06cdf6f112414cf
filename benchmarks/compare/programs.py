"""The programs that are compared, as commands."""

from __future__ import annotations

import csv
import itertools
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from benchmarks.compare.bench import PROGRAMS
from benchmarks.compare.processes import Program

PELLUCID = str(Path(sys.executable).parent / "pellucid")
BACKENDS = {"tensorflow": "TensorFlow", "torch": "torch", "jax": "JAX"}
_numbers = itertools.count()


def script(name: str, file: str, *options: object, **environment: str) -> Program:
    """One of our scripts, which prints a line of JSON."""
    command = (sys.executable, str(PROGRAMS / file), *map(str, options))
    return Program(name, command, json.loads, environment)


def keras(backend: str, *options: object) -> Program:
    """The tutorial's program in Keras on a backend."""
    name = f"Keras on {BACKENDS[backend]}"
    return script(name, "peers/keras_tutorial.py", *options, KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="2")


def torch_script(*options: object) -> Program:
    """The usual PyTorch script."""
    return script("usual PyTorch script", "peers/torch_script.py", *options)


def torch_tight(*options: object, precision: str = "fp32", **environment: str) -> Program:
    """The hand-written loop."""
    options = ("--precision", precision, *options)
    return script(f"tight PyTorch loop, {precision}", "peers/torch_tight.py", *options, **environment)


def pellucid_updates(*options: object, precision: str = "auto", **environment: str) -> Program:
    """Pellucid's updates, through `pellucid.fit`."""
    options = ("--precision", precision, *options)
    return script(f"Pellucid, {precision}", "pellucid_throughput.py", *options, **environment)


def pellucid_train(name: str, data: str, options: str, folder: Path) -> Program:
    """`pellucid train`, whose first line is the test accuracy; its run folder goes below a folder."""
    out = folder / f"run-{next(_numbers)}"
    command = (PELLUCID, "train", data, *shlex.split(options), "--out", str(out))
    return Program(name, command, lambda _: read_run(out))


def read_run(folder: Path) -> dict[str, Any]:
    """The figures of a run folder, under the names that the peers use."""
    document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    results, environment = document["results"], document["environment"]
    with (folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    ends = itertools.accumulate(float(row["seconds"]) for row in rows)
    history = [
        {
            "epoch": int(row["epoch"]),
            "seconds": end,
            "val_accuracy": float(row["val_accuracy"]) if row["val_accuracy"] else None,
        }
        for row, end in zip(rows, ends, strict=True)
    ]
    return {
        "fit_seconds": results["train_seconds"],
        "test_accuracy": results["test"] and results["test"]["accuracy"],
        "epochs": results["epochs"],
        "images": sum(count for split, count in document["data"]["counts"].items() if split != "test"),
        "history": history,
        "peak_memory_mib": results["peak_memory_mib"],
        "environment": {name: environment[name] for name in ("device_name", "threads", "precision")},
    }
