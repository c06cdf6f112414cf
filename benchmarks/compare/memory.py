"""Section `memory`: peak resident memory of one epoch, by program, and of Pellucid by number of images."""

from __future__ import annotations

from typing import Any

from benchmarks.compare.bench import Bench
from benchmarks.compare.programs import keras, pellucid_train, torch_script, torch_tight
from benchmarks.compare.tables import by_program, figures, ratios, spread, table

PEAK = "process_peak_memory_mib"
BYTES_AN_IMAGE = 28 * 28


def measure(bench: Bench) -> None:
    """All programs in turns, then Pellucid on more and more images."""
    scale = bench.scale
    theirs = ("--data", bench.mnist(scale.images), "--epochs", 1)
    data = bench.pellucid_data()
    few = ("--images", scale.part_images)
    for turn in range(scale.rounds):
        programs = [
            pellucid_train("Pellucid, fast", data, "--recipe fast --epochs 1", bench.scratch),
            pellucid_train("Pellucid, tutorial", data, "--recipe tutorial --epochs 1", bench.scratch),
            keras("tensorflow", *theirs),
            keras("torch", *theirs, *few),
            keras("jax", *theirs, *few),
            torch_script("--network", "tutorial", *theirs, *few),
            torch_tight(*theirs),
        ]
        for program in programs:
            bench.run(program, kind="program", round=turn)
        for images in scale.memory:
            options = "--recipe fast --epochs 1"
            program = pellucid_train("Pellucid, fast", bench.mnist(images), options, bench.scratch)
            bench.run(program, kind="growth", round=turn)


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    programs = by_program([run for run in document["runs"] if run["kind"] == "program"])
    ours = figures(programs.get("Pellucid, tutorial", []), PEAK)
    if not ours:
        return []
    part = document["scale"]["part_images"]
    rows = []
    for name, runs in programs.items():
        mark = f", trained on {part:,} of the images" if runs[0]["images"] < document["scale"]["images"] else ""
        peaks = figures(runs, PEAK)
        rows.append([name + mark, spread(ratios(peaks, ours)), spread(peaks, 0)])
    return [
        f"Greatest resident memory of the whole process, one epoch on {document['scale']['images']:,} images. Some",
        "peers read all images but train on a part of them, which can only lower their figure.",
        *table(["program", "over Pellucid's `tutorial`", "peak, MiB"], rows),
        "Pellucid, recipe `fast`, by number of images (an .npz file with MNIST's images repeated):",
        *table(["images", "as uint8, MiB", "more than the least, over uint8", "peak, MiB"], _growth(document)),
    ]


def _growth(document: dict[str, Any]) -> list[list[str]]:
    found: dict[int, list[float]] = {}
    for run in document["runs"]:
        if run["kind"] == "growth":
            found.setdefault(run["images"], []).append(run[PEAK])
    rows = []
    for images, peaks in found.items():
        least = min(found)
        size, more = images * BYTES_AN_IMAGE / 2**20, (images - least) * BYTES_AN_IMAGE / 2**20
        over = [(peak - low) / more for peak, low in zip(peaks, found[least], strict=False)] if more else []
        rows.append([f"{images:,}", f"{size:.0f}", spread(over) if over else "-", spread(peaks, 0)])
    return rows
