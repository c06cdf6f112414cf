"""Section `time-to-accuracy`: the tutorial's program, Pellucid's recipes, and peers that are scaled up from a part."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.compare.bench import MNIST_IMAGES, Bench
from benchmarks.compare.plots import draw_bars
from benchmarks.compare.processes import Program
from benchmarks.compare.programs import keras, pellucid_train, torch_script
from benchmarks.compare.tables import by_program, figures, mean_and_deviation, ratios, spread, table

TUTORIAL_ACCURACY = 98.93
SCRIPT_EPOCHS = 14
REFERENCE, PICTURE = "Keras on TensorFlow", "benchmarks-time-to-accuracy.png"


def measure(bench: Bench) -> None:
    """Whole trainings and timed parts in turns, then the accuracy of `fast` over many seeds."""
    for turn in range(bench.scale.rounds):
        for program, facts in _programs(bench, turn):
            bench.run(program, kind="round", seed=turn, **facts)
    for seed in range(bench.scale.seeds):
        for program in _fast(bench, seed):
            bench.run(program, kind="seeds", seed=seed)


def _fast(bench: Bench, seed: int) -> list[Program]:
    epochs = bench.scale.second_epochs
    first = pellucid_train("Pellucid, fast", bench.pellucid_data(), f"--recipe fast --seed {seed}", bench.scratch)
    options = f"--recipe fast --epochs {epochs} --seed {seed}"
    second = pellucid_train(f"Pellucid, fast, {epochs} epochs", bench.pellucid_data(), options, bench.scratch)
    return [first, second]


def _programs(bench: Bench, seed: int) -> list[tuple[Program, dict[str, Any]]]:
    """One round. A run with `whole_epochs` is a part: its figures are scaled up to so many epochs of MNIST."""
    scale = bench.scale
    common = ("--data", bench.mnist(scale.images), "--seed", seed)
    tutorial = f"--recipe tutorial --epochs {scale.epochs} --seed {seed}"
    part = (*common, "--images", scale.part_images, "--epochs", 2)
    return [
        (keras("tensorflow", *common, "--epochs", scale.epochs), {}),
        *((program, {}) for program in _fast(bench, seed)),
        (pellucid_train("Pellucid, tutorial", bench.pellucid_data(), tutorial, bench.scratch), {}),
        (torch_script(*part), {"whole_epochs": SCRIPT_EPOCHS}),
        (keras("torch", *part), {"whole_epochs": scale.epochs}),
        (keras("jax", *part), {"whole_epochs": scale.epochs}),
    ]


def training_seconds(run: dict[str, Any]) -> float:
    """Seconds of the training; for a part, its last epoch scaled up to all images and all epochs."""
    if "whole_epochs" not in run:
        return run["fit_seconds"]
    ends = [0.0, *(epoch["seconds"] for epoch in run["history"])]
    return (ends[-1] - ends[-2]) * MNIST_IMAGES / run["images"] * run["whole_epochs"]


def page(document: dict[str, Any]) -> list[str]:
    """The section's lines."""
    turns = _turns(document)
    if REFERENCE not in turns:
        return []
    seconds = {name: figures(runs, training_seconds) for name, runs in turns.items()}
    rows = [_row(name, runs, turns[REFERENCE], seconds) for name, runs in turns.items()]
    header = ["program", "training: times faster", "to the printed accuracy: times faster"]
    header += ["test accuracy, %", "training, s", "from start to printed accuracy, s"]
    return [
        f"Times faster than {REFERENCE}, the program of the tutorial that Pellucid began from, round by round. The",
        "programs are measured whole, but for those marked *: they train for two epochs on",
        f"{document['scale']['part_images']:,} images, of which the second, without compilation, is scaled up to",
        f"all images and {document['scale']['epochs']} epochs, and that of the usual script to its {SCRIPT_EPOCHS}.",
        *table(header, rows),
        *_seeds(document),
        "",
        f"![Training time of each program]({PICTURE})",
    ]


def draw(document: dict[str, Any], folder: Path) -> None:
    """The section's picture."""
    marks = {name: " *" if "whole_epochs" in runs[0] else "" for name, runs in _turns(document).items()}
    seconds = {name + marks[name]: figures(runs, training_seconds) for name, runs in _turns(document).items()}
    draw_bars(seconds, "training, s (logarithmic; * scaled up from a part)", folder / PICTURE)


def _turns(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return by_program([run for run in document["runs"] if run["kind"] == "round"])


def _row(name: str, runs: list[dict[str, Any]], reference: list[dict[str, Any]], seconds: Any) -> list[str]:
    ratio = spread(ratios(seconds[REFERENCE], seconds[name]))
    if "whole_epochs" in runs[0]:
        return [f"{name} *", ratio, "-", "-", spread(seconds[name], 0), "-"]
    whole = figures(runs, "answer_seconds")
    faster = spread(ratios(figures(reference, "answer_seconds"), whole))
    accuracies = mean_and_deviation([100 * run["test_accuracy"] for run in runs])
    return [name, ratio, faster, accuracies, spread(seconds[name]), spread(whole)]


def _seeds(document: dict[str, Any]) -> list[str]:
    """Accuracy over all seeds, every one counted."""
    rows = []
    for name, runs in by_program([run for run in document["runs"] if run["kind"] == "seeds"]).items():
        accuracies = [100 * run["test_accuracy"] for run in runs]
        reached = sum(accuracy >= TUTORIAL_ACCURACY for accuracy in accuracies)
        times = spread(figures(runs, "fit_seconds"))
        least = f"{min(accuracies):.2f}"
        rows.append([name, mean_and_deviation(accuracies), least, f"{reached} of {len(runs)}", times])
    header = ["program", "test accuracy, %: mean ± sd", "least", f"at least {TUTORIAL_ACCURACY}", "training, s"]
    return ["All seeds from 0 on, last epoch:", *table(header, rows), *_same_work(document)] if rows else []


def _same_work(document: dict[str, Any]) -> list[str]:
    """How far the accuracies of the same network lie apart, against their noise."""
    turns = _turns(document)
    ours, theirs = (
        [100 * run["test_accuracy"] for run in turns.get(name, [])] for name in ("Pellucid, tutorial", REFERENCE)
    )
    if min(len(ours), len(theirs)) < 2:
        return []
    apart = statistics.mean(ours) - statistics.mean(theirs)
    error = (statistics.variance(ours) / len(ours) + statistics.variance(theirs) / len(theirs)) ** 0.5
    text = f"Same network, epochs and batches: Pellucid's mean lies {apart:+.3f} percentage points from Keras's"
    return [f"{text} (standard error of the difference {error:.3f})."]
