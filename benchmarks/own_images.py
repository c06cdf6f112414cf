"""Images of one's own: how fast they are read, how much memory training takes, and what a DataLoader gives.

Run with `make bench-images`. Each measurement is a process of its own; paired ones take turns (A B A B ...). What is
compared is printed as ratios, the median of the pairs first.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from pellucid.train.callbacks import Callback

PAIRS = 5
BATCH_SIZE = 128


def make_files(folder: Path, count: int, shape: tuple[int, int, int], classes: int = 10) -> Path:
    """Distinct PNG files in class folders: soft blobs, so that they compress as photographs of that size do not."""
    random = np.random.default_rng(0)
    height, width, channels = shape
    for number in range(count):
        coarse = random.integers(0, 255, (8, 8, channels), dtype=np.uint8)
        image = Image.fromarray(coarse.squeeze() if channels == 1 else coarse).resize((width, height))
        place = folder / str(number % classes)
        place.mkdir(parents=True, exist_ok=True)
        image.save(place / f"{number}.png")
    return folder


def make_table(folder: Path, rows: int) -> Path:
    """A table that names the files of a folder over and over, so that many images need few files."""
    files = sorted(folder.glob("*/*.png"))
    path = folder / "table.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "label", "split"])
        writer.writerows([files[row % len(files)], files[row % len(files)].parent.name, "train"] for row in range(rows))
    return path


def in_process(job: str, *arguments: Any) -> dict[str, Any]:
    """Run one job of this file in a process of its own, and take its JSON."""
    command = [sys.executable, __file__, job, *map(str, arguments)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def job_train(source: str, steps: str, in_memory: str) -> dict[str, Any]:
    """Train on cached images for some steps: images a second, and the greatest resident memory."""
    import pellucid as pl
    from pellucid.machine import peak_memory_mib

    started = time.perf_counter()
    data = pl.load_data(source)
    loaded = time.perf_counter() - started
    if in_memory == "True":
        train = data.train
        copied = pl.ImageDataset(np.array(train.images), train.labels, train.class_names)
        vars(copied).update(fingerprint=train.fingerprint, mean_brightness=train.mean_brightness)
        data = pl.DataSplits(data.name, copied, None)
    clock = Clock(int(steps))
    with contextlib.suppress(EnoughError):
        pl.fit(
            data,
            recipe="fast",
            epochs=1,
            batch_size=BATCH_SIZE,
            precision="fp32",
            validation_split=None,
            callbacks=[clock],
        )
    return {"images_per_second": clock.speed(BATCH_SIZE), "peak_mib": peak_memory_mib(), "load_seconds": loaded}


class EnoughError(Exception):
    """The measurement is done."""


class Clock(Callback):
    """Times the steps after the first ones, and stops when it has enough."""

    def __init__(self, steps: int, skipped: int = 20) -> None:
        self.steps, self.skipped, self.done, self.started, self.seconds = steps, skipped, 0, 0.0, 0.0

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        """Count, and stop at the end."""
        self.done += 1
        if self.done == self.skipped:
            self.started = time.perf_counter()
        self.seconds = time.perf_counter() - self.started
        if self.done == self.steps:
            raise EnoughError

    def speed(self, batch_size: int) -> float:
        """Images a second."""
        return (self.done - self.skipped) * batch_size / self.seconds


def job_epoch(folder: str, peer: str) -> dict[str, Any]:
    """Images a second of the second epoch over a folder, with training and as batches alone."""
    import torch

    import pellucid as pl
    from pellucid.device import place

    speeds = {}
    for name, train in (("batches", False), ("training", True)):
        model = place(pl.build(pl.recipe("fast", (28, 28, 1), 10).model), torch.device("cpu"))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

        def work(images: Any, labels: Any, train: bool = train, model: Any = model, optimizer: Any = optimizer) -> None:
            if train:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(images), labels).backward()
                optimizer.step()

        epochs = loader_of(folder) if peer == "True" else cached_of(folder)
        for epoch in (1, 2):
            started, count = time.perf_counter(), 0
            for images, labels in epochs(epoch):
                work(images, labels)
                count += len(labels)
            speeds[name] = count / (time.perf_counter() - started)
    return speeds


def cached_of(folder: str) -> Callable[[int], Any]:
    """Our way: decoded once, then taken by index."""
    import torch

    import pellucid as pl
    from pellucid.batches.images import DeviceImages, shuffled

    device = DeviceImages(pl.load_data(folder, test_split=None).train, torch.device("cpu"))
    rows = torch.arange(len(device.labels))
    return lambda epoch: device.batches(shuffled(rows, 0, epoch), BATCH_SIZE)


def loader_of(folder: str) -> Callable[[int], Any]:
    """The usual way: a Dataset that opens a file an item, and a DataLoader with two workers."""
    import torch
    from torch.utils.data import DataLoader, Dataset

    class Files(Dataset):
        def __init__(self) -> None:
            self.files = sorted(Path(folder).glob("*/*.png"))

        def __len__(self) -> int:
            return len(self.files)

        def __getitem__(self, index: int) -> Any:
            with Image.open(self.files[index]) as image:
                pixels = np.asarray(image.convert("L"), np.float32) / 255
            return torch.from_numpy(pixels)[None], int(self.files[index].parent.name)

    loader = DataLoader(Files(), batch_size=BATCH_SIZE, shuffle=True, num_workers=2, persistent_workers=True)
    return lambda _: loader


def pairs(first: Callable[[], dict[str, Any]], second: Callable[[], dict[str, Any]], *keys: str) -> list[str]:
    """The ratio of each figure over interleaved pairs, and the medians of both sides."""
    found = [(first(), second()) for _ in range(PAIRS)]
    texts = []
    for key in keys:
        ratios = [a[key] / b[key] for a, b in found]
        middle = [statistics.median(pair[side][key] for pair in found) for side in (0, 1)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        texts.append(f"{statistics.median(ratios):.2f} ({spread}) | {middle[0]:,.0f} | {middle[1]:,.0f}")
    return texts


def measure_cached(scratch: Path, scale: float) -> Iterator[str]:
    """Reading, memory, and the mapped cache against memory."""
    small = make_files(scratch / "small", int(20_000 * scale), (28, 28, 1))
    large = make_files(scratch / "large", int(1_000 * scale), (224, 224, 3))
    million, heavy = make_table(small, int(1_000_000 * scale)), make_table(large, int(30_000 * scale))
    for name, table, steps in (("28x28x1", million, 400), ("224x224x3", heavy, 60)):
        with table.open() as file:
            count = sum(1 for _ in file) - 1
        read = in_process("train", table, 21, False)
        yield f"| {name}, first reading of {count:,} | {count / read['load_seconds']:,.0f} images/s | | |"
        whole = in_process("train", table, 10**9, False)
        yield f"| {name}, one epoch of {count:,}, peak memory | {whole['peak_mib']:,.0f} MiB | | |"
        mapped, held = (partial(in_process, "train", table, steps, in_memory) for in_memory in (False, True))
        (ratio,) = pairs(mapped, held, "images_per_second")
        yield f"| {name}, mapped against in memory, images/s | {ratio} |"


def measure_loader(scratch: Path, scale: float) -> Iterator[str]:
    """The second epoch over a folder, against a DataLoader."""
    folder = make_files(scratch / "folder", int(20_000 * scale), (28, 28, 1))
    ours, theirs = (partial(in_process, "epoch", folder, flag) for flag in (False, True))
    keys = ("batches", "training")
    for key, ratio in zip(keys, pairs(ours, theirs, *keys), strict=True):
        yield f"| 28x28x1 folder, second epoch, {key}, against a DataLoader with 2 workers, images/s | {ratio} |"


def page(rows: list[str]) -> str:
    """The whole page."""
    import torch

    from pellucid.device import processor
    from pellucid.machine import versions

    machine = f"{processor()}, {torch.get_num_threads()} threads; torch {versions()['torch']}"
    return f"""# Reading images, memory, and a DataLoader

Made by `make bench-images`: recipe `fast`, batches of {BATCH_SIZE}, fp32. Ratios are the median of {PAIRS} interleaved
pairs, with the least and greatest; then the medians of both sides. Machine: {machine}.

| what | figure or ratio | A | B |
|---|---|---|---|
{chr(10).join(rows)}
"""


def main() -> None:
    """Measure, print, and write the page; or do one job for the page."""
    if len(sys.argv) > 1 and sys.argv[1] in JOBS:
        print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--scale", type=float, default=1.0, help="share of the images, for a trial")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PELLUCID_CACHE"] = f"{scratch}/cache"
        for part in arguments.parts:
            for row in PARTS[part](Path(scratch), arguments.scale):
                rows.append(row)
                print(row, flush=True)
    if arguments.out:
        arguments.out.write_text(page(rows), encoding="utf-8")


PARTS: dict[str, Callable[[Path, float], Iterator[str]]] = {"cached": measure_cached, "loader": measure_loader}
JOBS: dict[str, Callable[..., dict[str, Any]]] = {"train": job_train, "epoch": job_epoch}

if __name__ == "__main__":
    main()
