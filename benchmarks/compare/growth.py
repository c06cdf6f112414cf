"""Section `growth`: seconds of an epoch by number of images and by number of filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.plots import draw_lines
from benchmarks.compare.programs import keras, pellucid_train
from benchmarks.compare.tables import ratios, spread, table

KERAS_IMAGES = 60_000  # more would need several GiB of floats, and minutes
TITLES = {"images": "training images", "filters": "filters of the one convolution"}
PICTURE = "benchmarks-growth-{}.png"


def measure(bench: Bench) -> None:
    """Both programs in turns; the second epoch counts, but for the largest data, where one is enough."""
    scale = bench.scale
    for turn in range(scale.rounds):
        for images in scale.growth:
            data, epochs = bench.mnist(images), 2 if images <= KERAS_IMAGES else 1
            options = f"--recipe tutorial --epochs {epochs}"
            bench.run(
                pellucid_train("Pellucid, tutorial", data, options, bench.scratch),
                kind="images",
                size=images,
                round=turn,
            )
            if images <= KERAS_IMAGES:
                program = keras("tensorflow", "--data", data, "--epochs", epochs)
                bench.run(program, kind="images", size=images, round=turn)
        data = bench.mnist(scale.part_images)
        for filters in scale.filters:
            model = f"conv {filters} 3x3 relu, maxpool 2x2, flatten, dense 10 softmax"
            ours = pellucid_train("Pellucid", data, f"--model '{model}' --epochs 2", bench.scratch)
            bench.run(ours, kind="filters", size=filters, round=turn)
            theirs = keras("tensorflow", "--data", data, "--epochs", 2, "--filters", filters)
            bench.run(theirs, kind="filters", size=filters, round=turn)


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    lines = []
    for kind, title in TITLES.items():
        found = _seconds(document, kind)
        if len(found) == 2:
            picture = f"![Seconds of an epoch against {title}]({PICTURE.format(kind)})"
            lines += [*_table(found, title), picture, ""]
    part = document["scale"]["part_images"]
    return [
        "Seconds of the last epoch with its validation: the second, but the first where there are more than",
        f"{KERAS_IMAGES:,} images (MNIST's repeated). Filters: one convolution, pooling and a dense layer, on",
        f"{part:,} images.",
        *lines,
    ]


def _table(found: dict[str, dict[int, list[float]]], title: str) -> list[str]:
    ours, theirs = found.values()
    rows = []
    for size, seconds in ours.items():
        other = theirs.get(size)
        ratio = spread(ratios(other, seconds)) if other else "-"
        each = spread([1e6 * second / size for second in seconds], 1) if title.endswith("images") else ""
        rows.append([f"{size:,}", ratio, spread(seconds, 3), spread(other, 3) if other else "-", each])
    header = [title, "times faster than Keras", "Pellucid, s", "Keras on TensorFlow, s", "Pellucid, µs an image"]
    columns = len(header) if title.endswith("images") else len(header) - 1
    return table(header[:columns], [row[:columns] for row in rows])


def draw(document: dict[str, Any], folder: Path) -> None:
    """The section's pictures."""
    for kind, title in TITLES.items():
        found = _seconds(document, kind)
        if found:
            draw_lines(found, (title, "one epoch, s"), folder / PICTURE.format(kind))


def _seconds(document: dict[str, Any], kind: str) -> dict[str, dict[int, list[float]]]:
    """Seconds of the last epoch of each run, by program and size."""
    runs = [run for run in document["runs"] if run["kind"] == kind]
    found: dict[str, dict[int, list[float]]] = {}
    for run in runs:
        ends = [0.0, *(epoch["seconds"] for epoch in run["history"])]
        found.setdefault(run["program"], {}).setdefault(run["size"], []).append(ends[-1] - ends[-2])
    return found
