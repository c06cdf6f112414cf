"""Accuracy of the recipes over several seeds: the commands of a user, one after another, as a Markdown table.

Run with `make accuracy`. Every seed counts, at its last epoch; nothing is chosen by what it prints. The accuracies of
`fast` (20 seeds) and `tutorial` stand in docs/benchmarks.md, beside that of the tutorial's network in Keras.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pellucid as pl
from pellucid.evaluate.evaluation import evaluate
from pellucid.model.vote import members_of

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]
SEEDS = {"tiny": 3}
VOTERS = {"accurate": 3}
KEPT: list[list[str]] = [[], ["--no-validation"]]  # a vote is trained with and without held-out images


@dataclass(frozen=True)
class Row:
    """What one command reached.

    Attributes:
        name: The command's options.
        epochs: Of one network.
        accuracies: On the test split, in percent; one a seed or member.
        losses: The same.
        seconds: Of training, one each.
    """

    name: str
    epochs: int
    accuracies: list[float]
    losses: list[float]
    seconds: list[float]

    def __str__(self) -> str:
        mean = f"{statistics.mean(self.accuracies):.3f}"
        if len(self.accuracies) > 1:
            mean += f" ± {statistics.stdev(self.accuracies):.3f}"
        each = ", ".join(f"{accuracy:.2f}" for accuracy in self.accuracies)
        loss, seconds = statistics.mean(self.losses), statistics.median(self.seconds)
        return f"| {self.name} | {self.epochs} | {mean} | {each} | {loss:.4f} | {seconds:.1f} |"


def train(folder: Path, *options: str) -> dict[str, Any]:
    """One run of `pellucid train`, as the JSON document that it prints."""
    command = [*PROGRAM, "train", *options, "--out", str(folder), "--json"]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def seeds(recipe: str, count: int, scratch: Path) -> tuple[list[Row], dict[str, Any]]:
    """A recipe over seeds from 0 on; also the environment."""
    documents = [train(scratch / f"{recipe}-{seed}", "--recipe", recipe, "--seed", str(seed)) for seed in range(count)]
    results = [document["results"] for document in documents]
    accuracies = [100 * result["test"]["accuracy"] for result in results]
    losses = [result["test"]["loss"] for result in results]
    row = Row(recipe, results[0]["epochs"], accuracies, losses, [result["train_seconds"] for result in results])
    return [row], documents[0]["environment"]


def votes(recipe: str, members: int, scratch: Path) -> tuple[list[Row], dict[str, Any]]:
    """A recipe's votes, each after its members one by one; also the environment."""
    found = [
        vote([recipe, *options], members, scratch / f"{recipe}-vote{number}") for number, options in enumerate(KEPT)
    ]
    return [row for rows, _ in found for row in rows], found[0][1]


def vote(options: list[str], members: int, folder: Path) -> tuple[list[Row], dict[str, Any]]:
    """One vote, and before it its members: each was trained from weights and an order of its own."""
    document = train(folder, "--recipe", *options, "--vote", str(members))
    run, test = pl.load_run(folder), pl.load_data("mnist").test
    alone = [
        evaluate(pl.Predictor(member, run.record, run.device), test, data="mnist") for member in members_of(run.model)
    ]
    results = document["results"]
    epochs, seconds = results["epochs"] // members, results["train_seconds"]
    name = " ".join(options)
    singles = Row(
        f"{name}, each of {members}",
        epochs,
        [100 * evaluation.accuracy for evaluation in alone],
        [evaluation.loss for evaluation in alone],
        [seconds / members],
    )
    together = results["test"]
    whole = Row(f"{name} --vote {members}", epochs, [100 * together["accuracy"]], [together["loss"]], [seconds])
    return [singles, whole], document["environment"]


def table(rows: list[Row], environment: dict[str, Any]) -> str:
    """The whole page."""
    versions = environment["versions"]
    machine = f"{environment['device_name']}, {environment['threads']} threads, {environment['precision']}"
    return f"""# Accuracy of the recipes on MNIST

Made by `make accuracy`: `pellucid train --recipe NAME --seed S`, seeds from 0 on, and `--vote`; last epoch, test split
(10,000 images). Recipes were chosen on the validation split, a tenth of the training images; `--no-validation` trains
on that tenth too. ± is the standard deviation over the seeds, or over the members of a vote, which are independent
trainings. `fast` and `tutorial` stand in [benchmarks.md](benchmarks.md).

Machine: {machine}; Python {versions["python"]}, torch {versions["torch"]}.

| recipe | epochs | test accuracy, % | each, % | test loss | training, s (median) |
|---|---|---|---|---|---|
{chr(10).join(map(str, rows))}

The losses of recipes with label smoothing are higher than those without, as their probabilities keep away from 1.
"""


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", choices=[*SEEDS, *VOTERS], default=[*SEEDS, *VOTERS])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows: list[Row] = []
    environment: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for recipe in arguments.recipes:
            measure, count = (votes, VOTERS[recipe]) if recipe in VOTERS else (seeds, SEEDS[recipe])
            found, environment = measure(recipe, count, Path(scratch))
            rows += found
            print("\n".join(map(str, found)), flush=True)
    if arguments.out:
        arguments.out.write_text(table(rows, environment), encoding="utf-8")


if __name__ == "__main__":
    main()
