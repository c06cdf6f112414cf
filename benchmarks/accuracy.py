"""Accuracy of the recipes over several seeds: the commands of a user, one after another, as a Markdown table.

Run with `make accuracy`. Every seed counts, at its last epoch; nothing is chosen by what it prints.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROGRAM = [str(Path(sys.executable).parent / "pellucid")]


def train(recipe: str, seed: int, folder: Path) -> dict[str, Any]:
    """One run of `pellucid train`, as the JSON document that it prints."""
    command = [*PROGRAM, "train", "--recipe", recipe, "--seed", str(seed), "--out", str(folder), "--json"]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout)


def row(recipe: str, documents: list[dict[str, Any]]) -> str:
    """What one recipe reached."""
    results = [document["results"] for document in documents]
    accuracies = [100 * result["test"]["accuracy"] for result in results]
    mean, spread = statistics.mean(accuracies), statistics.stdev(accuracies)
    loss = statistics.mean(result["test"]["loss"] for result in results)
    seconds = statistics.median(result["train_seconds"] for result in results)
    each = ", ".join(f"{accuracy:.2f}" for accuracy in accuracies)
    return f"| {recipe} | {results[0]['epochs']} | {mean:.3f} ± {spread:.3f} | {each} | {loss:.4f} | {seconds:.1f} |"


def table(rows: list[str], environment: dict[str, Any], seeds: int) -> str:
    """The whole page."""
    versions = environment["versions"]
    machine = f"{environment['device_name']}, {environment['threads']} threads, {environment['precision']}"
    return f"""# Accuracy of the recipes on MNIST

Made by `make accuracy`: `pellucid train --recipe NAME --seed S`, seeds 0 to {seeds - 1}, last epoch, test split (10,000
images). Recipes were chosen on the validation split. ± is the standard deviation over the seeds.

Machine: {machine}; Python {versions["python"]}, torch {versions["torch"]}.

| recipe | epochs | test accuracy, % | each seed, % | test loss | training, s (median) |
|---|---|---|---|---|---|
{chr(10).join(rows)}
"""


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=["tutorial", "fast"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows, environment = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        for recipe in arguments.recipes:
            documents = [train(recipe, seed, Path(scratch) / f"{recipe}-{seed}") for seed in range(arguments.seeds)]
            environment = documents[0]["environment"]
            rows.append(row(recipe, documents))
            print(rows[-1], flush=True)
    if arguments.out:
        arguments.out.write_text(table(rows, environment, arguments.seeds), encoding="utf-8")


if __name__ == "__main__":
    main()
