"""Which recipe holds best on MNIST where images get worse, and what its augmentation has to do with it.

Run with `make bench-robustness`. Every seed counts, at its last epoch; the test images decide nothing.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import pellucid as pl
from pellucid.judge.robustness import Corrupted
from pellucid.words import counted

MOVED = "shift=0.1,rotation=15,scale=0.1,shear=8"
CONTENDERS: dict[str, dict[str, Any]] = {
    "fast": {"recipe": "fast"},
    "fast, 3 epochs": {"recipe": "fast", "epochs": 3},
    "fast, 3 epochs, moved": {"recipe": "fast", "epochs": 3, "augmentation": MOVED},
    "tutorial": {"recipe": "tutorial"},
    "tiny": {"recipe": "tiny"},
    "accurate": {"recipe": "accurate"},
}
SEEDS = 3
Found = dict[str, list[pl.Robustness]]


def measured(seeds: int, runs: Path) -> Found:
    """The robustness of each contender from each seed; what is in the folder already is not repeated."""
    data, found = pl.load_data("mnist"), {name: [] for name in CONTENDERS}
    for seed in range(seeds):
        for name, how in CONTENDERS.items():
            folder = runs / f"{name}-{seed}".replace(" ", "-").replace(",", "")
            if not (folder / "model.safetensors").exists():
                settings = dict(how)
                if text := settings.get("augmentation"):
                    settings["augmentation"] = pl.AugmentSpec.from_text(text)
                pl.fit(data, seed=seed, out=folder, progress=False, **settings)
            found[name].append(_robustness(folder, data))
            print(f"{name}, seed {seed}: {found[name][-1].mean:.2%}", flush=True)
    return found


def _robustness(folder: Path, data: pl.DataSplits) -> pl.Robustness:
    """What the run in a folder reaches, as its robustness.json has it where it was measured already."""
    kept = folder / "robustness.json"
    return pl.Robustness.from_json(kept.read_bytes(), kept) if kept.exists() else pl.Run.load(folder).robustness(data)


def told(values: Sequence[float]) -> str:
    """Mean and, of several, standard deviation, in percent."""
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.1f}{spread}"


def row(found: Found, name: str, published: str, value: Any, mark: Any = lambda _: "") -> str:
    """One line of the table: a value of each contender over its seeds."""
    cells = [told([value(one) for one in runs]) + mark(runs[0]) for runs in found.values()]
    return f"| {name} | {' | '.join(cells)} | {published} |"


def table(found: Found) -> list[str]:
    """A column for each contender, a row for each corruption."""
    corruptions = next(iter(found.values()))[0].corruptions
    foreign = [
        number
        for number in range(len(corruptions))
        if not any(one.corruptions[number].trained_to for runs in found.values() for one in runs)
    ]

    def of(one: pl.Robustness, number: int) -> Corrupted:
        return one.corruptions[number]

    lines = [
        f"| images | {' | '.join(found)} | in MNIST-C |",
        f"|---|{'---|' * (len(found) + 1)}",
        row(found, "as they are", "identity", lambda one: one.accuracy),
        row(found, f"**mean of all {len(corruptions)} corruptions**", "", lambda one: one.mean),
        row(
            found,
            f"**mean of the {len(foreign)} that none of them was trained with**",
            "",
            lambda one: statistics.mean(of(one, number).mean for number in foreign),
        ),
    ]
    for number, corruption in enumerate(corruptions):
        severities = ", ".join(f"{level.severity:g}" for level in corruption.levels)
        lines.append(
            row(
                found,
                f"{corruption.name}, {severities} {corruption.unit}",
                corruption.published,
                lambda one, number=number: of(one, number).mean,
                lambda one, number=number: _trained(of(one, number)),
            )
        )
    return lines


def _trained(corruption: Corrupted) -> str:
    return f" (to {corruption.trained_to:g})" if corruption.trained_to else ""


def best(found: Found) -> str:
    """The contenders in the order of their means, and what is known of the first two."""
    means = {name: [one.mean for one in runs] for name, runs in found.items()}
    order = sorted(means, key=lambda name: -statistics.mean(means[name]))
    text = f"In the order of the mean of all: {'; '.join(f'{name} {told(means[name])}' for name in order)}."
    first, second = (means[name] for name in order[:2])
    wins = sum(one > two for one, two in zip(first, second, strict=True))
    return f"{text} The first is ahead of the second in {wins} of {counted(len(first), 'seed')}."


def document(found: Found, seeds: int) -> str:
    """The whole page."""
    one = next(iter(found.values()))[0]
    trained = "; ".join(
        f"`{name}`: {', '.join(f'{setting} {value}' for setting, value in how.items())}"
        for name, how in CONTENDERS.items()
    )
    machine = f"{platform.machine()}, {counted(torch.get_num_threads(), 'thread')}; torch {torch.__version__}"
    lines = "\n".join(table(found))
    return f"""# Robustness of the recipes on MNIST

Made by `make bench-robustness`: seeds 0 to {seeds - 1}, last epoch; {one.count:,} of the {one.available:,} test images,
the same share of each class and the same for every run, as `pellucid evaluate RUN --robustness` takes them. Trained
were: {trained}. Machine: {machine}.

A cell is the accuracy in percent, the mean over the severities of the row, and over the seeds ± their standard
deviation. “(to 10)” says that the training's own augmentation varied images up to that severity; all else is a
surprise to the network. Nothing was chosen by these figures.

{best(found)}

{lines}

In MNIST-C (Mu and Gilmer 2019, arXiv:1906.02337) a family has one severity, here it has up to five. Brackets stand
about families that its authors considered and left out of its final fifteen. Of those fifteen, shot noise, glass blur,
motion blur, stripe, fog, spatter, dotted line, zigzag and Canny edges have no counterpart here: their nearest kin are
noise, blur, inversion of the whole, loss of contrast, and occlusion. Thicker and thinner strokes are after Morpho-MNIST
(Castro et al. 2019, arXiv:1809.10780).
"""


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/robustness-benchmark.md"))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--runs", type=Path, help="where runs are kept; those that are there are not made anew")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(given.seeds, given.runs or Path(scratch))
    given.out.write_text(document(found, given.seeds))
    print(given.out.read_text())


if __name__ == "__main__":
    main()
