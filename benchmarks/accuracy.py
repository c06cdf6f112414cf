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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recipes import as_it_is

import pellucid as pl
from pellucid.model.vote import members_of
from pellucid.trained.evaluate import evaluate

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]
SEEDS = {"tiny": 3}
VOTERS = {"accurate": 3, "accurate --no-validation": 3}
RESULTS = Path("benchmarks/results/accuracy.json")


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


def seeds(options: str, count: int, scratch: Path) -> tuple[list[Row], dict[str, Any]]:
    """A recipe over seeds from 0 on; also the environment."""
    command = ["--recipe", *options.split()]
    documents = [train(scratch / f"{seed}", *command, "--seed", str(seed)) for seed in range(count)]
    results = [document["results"] for document in documents]
    accuracies = [100 * result["test"]["accuracy"] for result in results]
    losses = [result["test"]["loss"] for result in results]
    row = Row(options, results[0]["epochs"], accuracies, losses, [result["train_seconds"] for result in results])
    return [row], documents[0]["environment"]


def vote(options: str, members: int, scratch: Path) -> tuple[list[Row], dict[str, Any]]:
    """A vote, and before it its members, each trained from weights and an order of its own; also the environment."""
    folder = scratch / "vote"
    document = train(folder, "--recipe", *options.split(), "--vote", str(members))
    run, test = pl.load_run(folder), pl.load_data("mnist").test
    alone = [
        evaluate(pl.Predictor(member, run.record, run.device), test, data="mnist") for member in members_of(run.model)
    ]
    results = document["results"]
    epochs, seconds = results["epochs"] // members, results["train_seconds"]
    singles = Row(
        f"{options}, each of {members}",
        epochs,
        [100 * evaluation.accuracy for evaluation in alone],
        [evaluation.loss for evaluation in alone],
        [seconds / members],
    )
    together = results["test"]
    whole = Row(f"{options} --vote {members}", epochs, [100 * together["accuracy"]], [together["loss"]], [seconds])
    return [singles, whole], document["environment"]


def page(results: dict[str, Any]) -> str:
    """The whole page, made of the results that there are of the recipes as they are."""
    kept = [(options, results[options]) for options in (*SEEDS, *VOTERS) if options in results]
    known = [result for options, result in kept if result["recipe"] == as_it_is(options.split()[0])]
    rows = [str(Row(**row)) for result in known for row in result["rows"]]
    environment = known[-1]["environment"]
    versions = environment["versions"]
    machine = f"{environment['device_name']}, {environment['threads']} threads, {environment['precision']}"
    return f"""# Accuracy of the recipes on MNIST

Made by `make accuracy`: `pellucid train --recipe NAME --seed S`, seeds from 0 on, and `--vote`; last epoch, test split
(10,000 images). Recipes were chosen on held-out training images; a tenth is held out, and `--no-validation` trains
on that tenth too. Those held-out images are by writers whose other images are trained on, the test images by other
writers (Yadav and Bottou 2019, arXiv:1905.10498), so that what helps on the one need not help on the other.
± is the standard deviation over the seeds, or over the members of a vote, which are independent trainings. `fast` and
`tutorial` stand in [benchmarks.md](benchmarks.md).

Machine: {machine}; Python {versions["python"]}, torch {versions["torch"]}.

| recipe | epochs | test accuracy, % | each, % | test loss | training, s (median) |
|---|---|---|---|---|---|
{chr(10).join(rows)}

The losses of recipes with label smoothing are higher than those without, as their probabilities keep away from 1.
"""


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", choices=[*SEEDS, *VOTERS], default=[*SEEDS, *VOTERS])
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of all figures, to which these are added")
    parser.add_argument("--out", type=Path, help="the page, made of all figures in that file")
    arguments = parser.parse_args()
    results = json.loads(arguments.results.read_text(encoding="utf-8")) if arguments.results.exists() else {}
    for options in arguments.recipes:
        measure, count = (vote, VOTERS[options]) if options in VOTERS else (seeds, SEEDS[options])
        with tempfile.TemporaryDirectory() as scratch:
            rows, environment = measure(options, count, Path(scratch))
        recipe = as_it_is(options.split()[0])
        results[options] = {"recipe": recipe, "rows": [asdict(row) for row in rows], "environment": environment}
        arguments.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print("\n".join(map(str, rows)), flush=True)
    if arguments.out:
        arguments.out.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
