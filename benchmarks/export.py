"""Exports measured: how large they are, how soon they answer, and how fast, beside the run that they were made of.

Run from the repository: `python benchmarks/export.py --out docs/export-benchmark.md`. Run and export take turns, so
that whatever else the machine does falls on both alike; what counts is the ratio.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset

RECIPES = ("tutorial", "fast")
COUNT = 500  # images that the networks are trained and proved on; neither matters to time
BATCHES = {1: 200, 500: 4}  # calls in a round, by images in a batch
ROUNDS, STARTS = 11, 3

INTRODUCTION = """# Exports: size, start and speed

Made by `make bench-export`, on {machine} with {cores} cores, Python {python}, torch {torch} and ONNX Runtime
{onnxruntime}. torch takes the threads that it chooses; ONNX Runtime takes one a call, and many images are shared out
to one a core. Run (eager torch) and export (ONNX Runtime) take turns; times are medians of {rounds} rounds ({starts}
for new processes; `pellucid predict` is asked about one file). The ratio is the run's time over the export's in the
same round: its median, and the least and the greatest in brackets. Other work on the machine lengthens the times and
changes the ratios too, since torch's threads wait for each other: the load average was {load:.1f} at the start. Only
figures of a machine at rest tell what the engines are worth.
The networks are those of the recipes for 28x28x1 and 10 classes.
"""
LOADED = {
    "run": "import pellucid as pl; one = pl.Predictor.load(sys.argv[1], device='cpu')",
    "export": "import pellucid as pl; one = pl.Exported.load(sys.argv[1])",
}


def digits() -> DataSplits:
    """A few digits of MNIST."""
    data = pl.load_data("mnist")

    def some(whole: ImageDataset) -> ImageDataset:
        return ImageDataset(np.array(whole.images[:COUNT]), whole.labels[:COUNT], whole.class_names)

    return DataSplits("some-digits", some(data.train), some(data.test))


def seconds_of(work: Callable[[], object], calls: int) -> float:
    """Seconds a call."""
    begin = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begin) / calls


def seconds_to_answer(kind: str, path: Path) -> float:
    """Seconds of a new process up to its answer for one image."""
    code = f"import sys; {LOADED[kind]}; import numpy; one.probabilities(numpy.zeros((1, 28, 28, 1), numpy.uint8))"
    return seconds_of(lambda: subprocess.run([sys.executable, "-c", code, str(path)], check=True), 1)


def seconds_to_predict(path: Path, image: Path) -> float:
    """Seconds of `pellucid predict` for one file."""
    program = [sys.executable, "-c", "from pellucid.cli import main; main()", "predict", str(path), str(image)]
    return seconds_of(lambda: subprocess.run(program, check=True, capture_output=True), 1)


def in_turns(run: Callable[[], float], export: Callable[[], float], rounds: int) -> list[tuple[float, float]]:
    """Seconds of both in each round; who is first alternates. A round before those does not count."""
    pairs = []
    for number in range(rounds + 1):
        if number % 2:
            pairs.append((run(), export()))
        else:
            pairs.append((export(), run())[::-1])
    return pairs[1:]


def told(pairs: list[tuple[float, float]], unit: float) -> tuple[str, str, str]:
    """The medians of both, in a unit of seconds, and the ratio."""
    ratios = [run / export for run, export in pairs]
    run, export = (statistics.median(column) / unit for column in zip(*pairs, strict=True))
    return f"{run:,.3g}", f"{export:,.3g}", f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def rows_of(recipe: str, data: DataSplits, folder: Path, rounds: int, starts: int) -> tuple[list[str], list[str]]:
    """The rows of one network: its size, and its times."""
    run = pl.fit(data, recipe=recipe, epochs=1, out=folder / recipe)
    export = pl.export_run(run, folder / f"{recipe}-onnx", proof_images=0)
    weights, model = (folder / recipe / "model.safetensors", export.path / "model.onnx")
    greatest = max(each.greatest_difference for each in export.parity.agreements)
    sizes = [recipe, f"{weights.stat().st_size / 1024:,.0f}", f"{model.stat().st_size / 1024:,.0f}", f"{greatest:.1g}"]
    times = []
    for batch, calls in BATCHES.items():
        images = data.test.images[:batch]
        pairs = in_turns(
            lambda images=images, calls=calls: seconds_of(lambda: run.probabilities(images), calls),
            lambda images=images, calls=calls: seconds_of(lambda: export.probabilities(images), calls),
            rounds,
        )
        unit, name = (1e-6, "µs") if batch == 1 else (1e-3, "ms")
        times.append(_row(recipe, f"{batch} in a batch, {name}", *told(pairs, unit)))
    pairs = in_turns(
        lambda: seconds_to_answer("run", folder / recipe), lambda: seconds_to_answer("export", export.path), starts
    )
    times.append(_row(recipe, "a new process to its first answer, s", *told(pairs, 1)))
    image = folder / "image.png"
    Image.fromarray(data.test.images[0, ..., 0]).save(image)
    pairs = in_turns(
        lambda: seconds_to_predict(folder / recipe, image), lambda: seconds_to_predict(export.path, image), starts
    )
    times.append(_row(recipe, "`pellucid predict`, s", *told(pairs, 1)))
    return sizes, times


def page(rounds: int, starts: int) -> str:
    """The document."""
    load = os.getloadavg()[0]
    data, sizes, times = digits(), [], []
    with tempfile.TemporaryDirectory() as place:
        for recipe in RECIPES:
            size, lines = rows_of(recipe, data, Path(place), rounds, starts)
            sizes.append(_row(*size))
            times += lines
    versions = {"python": platform.python_version(), "torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
    cores = torch.get_num_threads()
    return (
        "\n".join(
            [
                INTRODUCTION.format(
                    machine=platform.machine(), cores=cores, rounds=rounds, starts=starts, load=load, **versions
                ),
                "## Size\n",
                _row("network", "weights, KiB", "model.onnx, KiB", "greatest difference of a probability"),
                _row(*["---"] * 4),
                *sizes,
                "\n## Time\n",
                _row("network", "what", "run", "export", "run / export"),
                _row(*["---"] * 5),
                *times,
            ]
        )
        + "\n"
    )


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="where the page goes")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often run and export take turns")
    parser.add_argument("--starts", type=int, default=STARTS, help="the same, of new processes")
    arguments = parser.parse_args()
    text = page(arguments.rounds, arguments.starts)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
