"""The formats of exports measured: how large, how near to the run, and how fast, beside each other.

Run from the repository: `python benchmarks/formats.py --out docs/formats-benchmark.md`. The formats take turns, so that
whatever else the machine does falls on all alike; what counts is the ratio.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.export.c_library import OPTIONS
from pellucid.export.formats.table import FORMATS

EPOCHS = {"fast": 1, "tiny": 2}  # enough to answer most digits right
PROVED_ON = 2_000
CALLS = {1: 100, 500: 2}  # in a round, by images in a batch
ROUNDS = 9

INTRODUCTION = """# Formats of exports: size, nearness and speed

Made by `make bench-formats`, on {machine} with {cores} cores and a load average of {load:.1f} at the start, each format
on one thread, by Python {python}, torch {torch} and ONNX Runtime {onnxruntime}; C is compiled by
`cc {options}`. The networks are those of the recipes `fast` (1 epoch) and `tiny`
(2 epochs) for MNIST; each export is proved on the first {images:,} test images.

- **size**: of the network's files, in KiB. The run's own weights have {weights}.
- **nearness**: the greatest difference of a probability from the run's. For `int8` the difference of the accuracy, with
  its 95% interval (Tango).
- **time**: medians of {rounds} rounds in which all formats take turns. In brackets how many times the time of `onnx` in
  the same round, as the median. Only the ratios tell anything, as other work on the machine lengthens all times.
"""


def digits() -> DataSplits:
    """MNIST with fewer test images."""
    data = pl.load_data("mnist")
    some = ImageDataset(np.array(data.test.images[:PROVED_ON]), data.test.labels[:PROVED_ON], data.test.class_names)
    return DataSplits("mnist-with-fewer-test-images", data.train, some)


def seconds_of(work: Callable[[], object], calls: int) -> float:
    """Seconds a call."""
    begin = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begin) / calls


def times_of(exports: dict[str, pl.Exported], images: np.ndarray, calls: int) -> dict[str, tuple[float, float]]:
    """Seconds of each format for some images, and how many times those of onnx; a first round does not count."""
    rounds = [
        {
            name: seconds_of(lambda export=export: export.probabilities(images), calls)
            for name, export in exports.items()
        }
        for _ in range(ROUNDS + 1)
    ][1:]
    return {
        name: (
            statistics.median(each[name] for each in rounds),
            statistics.median(each[name] / each["onnx"] for each in rounds),
        )
        for name in exports
    }


def nearness(export: pl.Exported) -> str:
    """How near an export is to its run."""
    found = export.parity.accuracy
    if found is None:
        return f"{max(each.greatest_difference for each in export.parity.agreements):.1g}"
    return f"{found.difference:+.2%} ({found.interval[0]:+.2%} to {found.interval[1]:+.2%})"


def rows_of(recipe: str, data: DataSplits, folder: Path) -> tuple[str, list[str]]:
    """The size of the run's weights, and a row for each format."""
    run = pl.fit(data, recipe=recipe, epochs=EPOCHS[recipe], out=folder / recipe)
    exports = {name: pl.export_run(run, folder / f"{recipe}-{name}", form=name) for name in FORMATS}
    times = {batch: times_of(exports, data.test.images[:batch], calls) for batch, calls in CALLS.items()}
    rows = []
    for name, export in exports.items():
        size = sum((export.path / file).stat().st_size for file in FORMATS[name].files) / 1024
        one, ratio_of_one = times[1][name]
        many, ratio_of_many = times[500][name]
        cells = (recipe, f"`{name}`", f"{size:,.0f}", nearness(export))
        cells += (f"{one * 1e6:,.0f} ({ratio_of_one:.2f})", f"{many * 1e3:,.1f} ({ratio_of_many:.2f})")
        rows.append(_row(*cells))
    facts = exports["c"].parity.facts
    memory = f"{facts['constant_bytes']:,} bytes of constants and needs {facts['ram_bytes']:,} bytes of static RAM"
    rows.append(f"\nIn C, `{recipe}` has {memory}.\n")
    return f"{(folder / recipe / 'model.safetensors').stat().st_size / 1024:,.0f} KiB (`{recipe}`)", rows


def page() -> str:
    """The document."""
    load, data = os.getloadavg()[0], digits()
    header = ("network", "format", "size, KiB", "nearness", "1 image, µs", "500 images, ms")
    sections, weights = [], []
    with tempfile.TemporaryDirectory() as place:
        for recipe in EPOCHS:
            weight, rows = rows_of(recipe, data, Path(place))
            weights.append(weight)
            sections += [f"## {recipe}\n", _row(*header), _row(*["---"] * len(header)), *rows]
    introduction = INTRODUCTION.format(
        machine=platform.machine(),
        cores=os.cpu_count(),
        load=load,
        python=platform.python_version(),
        torch=torch.__version__,
        onnxruntime=onnxruntime.__version__,
        options=" ".join(OPTIONS),
        images=PROVED_ON,
        weights=" and ".join(weights),
        rounds=ROUNDS,
    )
    return "\n".join([introduction, *sections]).rstrip() + "\n"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Measure, and write the page."""
    os.environ["OMP_NUM_THREADS"] = "1"  # which ONNX Runtime is asked by, here and in processes of their own
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="where the page goes")
    arguments = parser.parse_args()
    text = page()
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
