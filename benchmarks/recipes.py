"""What each part of a recipe is worth: the recipe without it, over several seeds, on the validation split.

Run with `make recipes`. The test split is not read: recipes are tuned on the validation split, as are these figures.
Seeds stand outermost, so that the variants of one seed are timed side by side.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.device import processor
from pellucid.spec.layers import Layer

SHAPE, CLASSES = (28, 28, 1), 10
RENEWAL = "pellucid.train.loop.renew_statistics"
RESULTS = Path("benchmarks/results/recipes.json")


@dataclass(frozen=True)
class Variant:
    """A recipe with one part left out.

    Attributes:
        name: What is other.
        source: Where the part that is left out comes from.
        settings: Of `pl.fit`, in place of the recipe's.
        layers: Changes the recipe's layers.
        averages_kept: Whether the moving averages of batch normalisation stay those of augmented batches.
    """

    name: str
    source: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    layers: Callable[[Sequence[Layer]], list[Layer]] = list
    averages_kept: bool = False


def without_normalisation(layers: Sequence[Layer]) -> list[Layer]:
    """No batch normalisation; the convolutions get a bias in its place."""
    kept = [layer for layer in layers if not isinstance(layer, pl.BatchNormalization)]
    return [layer.replace(use_bias=True) if isinstance(layer, pl.Conv2D) else layer for layer in kept]


def normalisation_before_pooling(layers: Sequence[Layer]) -> list[Layer]:
    """Pooling after normalisation and ReLU, where most networks have it."""
    changed: list[Layer] = []
    pooling: Layer | None = None
    for layer in layers:
        if isinstance(layer, pl.MaxPooling2D):
            pooling = layer
            continue
        changed.append(layer)
        if pooling and isinstance(layer, pl.Activation):
            changed.append(pooling)
            pooling = None
    return changed


def first_convolution(size: int, strides: int) -> Callable[[Sequence[Layer]], list[Layer]]:
    """Another window and stride at the start."""

    def change(layers: Sequence[Layer]) -> list[Layer]:
        return [layers[0].replace(kernel_size=(size, size), strides=(strides, strides)), *layers[1:]]

    return change


WHOLE = Variant("the recipe")
SMOOTHING = Variant("no label smoothing", "Szegedy et al. 2015, arXiv:1512.00567, section 7", {"label_smoothing": 0.0})
CYCLE = Variant(
    "constant learning rate, a fifth of the highest",
    "one cycle: Smith 2018, arXiv:1803.09820",
    {"schedule": "constant", "learning_rate": 0.005},
)
NORMALISATION = Variant(
    "no batch normalisation", "Ioffe and Szegedy 2015, arXiv:1502.03167", layers=without_normalisation
)


NO_AUGMENTATION = Variant("no augmentation", "affine: LeCun et al. 1998, section III.G", {"augmentation": None})
AVERAGES = Variant(
    "batch normalisation's averages of augmented images",
    "measured anew: Wu and Johnson 2021, arXiv:2105.07576, section 3",
    averages_kept=True,
)


def augmented(recipe: str, **changes: float) -> dict[str, Any]:
    """The recipe's augmentation with these settings in place of its own."""
    own = pl.recipe(recipe, SHAPE, CLASSES).train.augmentation
    if own is None:
        raise ValueError(f"{recipe} has no augmentation")
    return {"augmentation": own.replace(**changes)}


def memories(weight_decay: float) -> Variant:
    """AdamW as it is used everywhere."""
    settings = {"optimizer": pl.AdamW(weight_decay=weight_decay)}
    return Variant("AdamW's usual betas, 0.9 and 0.999", "shorter memories: our own experiments", settings)


VARIANTS: dict[str, list[Variant]] = {
    "fast": [
        WHOLE,
        SMOOTHING,
        memories(0.01),
        CYCLE,
        NORMALISATION,
        Variant(
            "pooling after normalisation and ReLU", "ours: a quarter of the work", layers=normalisation_before_pooling
        ),
        Variant(
            "first convolution 5x5, stride 2",
            "wide stride: ours, for fewer multiply-adds",
            layers=first_convolution(5, 2),
        ),
        Variant("batches of 128, half the learning rate", "", {"batch_size": 128, "learning_rate": 0.0125}),
        Variant(
            "with test-time augmentation, shifts of a pixel",
            "Krizhevsky et al. 2012, NeurIPS, section 4.1",
            {"test_time_augmentation": "shift=0.0357"},
        ),
    ],
    "accurate": [
        WHOLE,
        NO_AUGMENTATION,
        Variant(
            "every image augmented",
            "half of them: ours, so that sharp images are seen",
            augmented("accurate", probability=1.0),
        ),
        Variant("no elastic displacement", "Simard et al. 2003, ICDAR, section 2", augmented("accurate", elastic=0.0)),
        AVERAGES,
        SMOOTHING,
        memories(0.05),
    ],
    "tiny": [
        WHOLE,
        NO_AUGMENTATION,
        AVERAGES,
        Variant("label smoothing of 0.1", SMOOTHING.source, {"label_smoothing": 0.1}),
    ],
}


def as_it_is(recipe: str) -> list[str]:
    """The network and the training of a recipe: what figures of it are kept with, so that older ones are known."""
    chosen = pl.recipe(recipe, SHAPE, CLASSES)
    assert isinstance(chosen.model, pl.ModelSpec)  # noqa: S101 - only a file may hold a factory
    return [chosen.model.to_shorthand(), str(chosen.train)]


def measure(data: DataSplits, recipe: str, variant: Variant, seed: int, epochs: int | None) -> tuple[float, float]:
    """Validation accuracy in percent and seconds of training of one variant and seed."""
    chosen = pl.recipe(recipe, SHAPE, CLASSES)
    assert isinstance(chosen.model, pl.ModelSpec)  # noqa: S101 - only a file may hold a factory
    model = chosen.model.replace(layers=variant.layers(chosen.model.layers))
    settings: Any = ({"epochs": epochs} if epochs else {}) | variant.settings
    with patch(RENEWAL) if variant.averages_kept else nullcontext():
        run = pl.fit(data, model=model, recipe=recipe, seed=seed, progress=False, **settings)
    results = run.record.results
    if results is None or results.validation is None:
        raise RuntimeError("the training was interrupted")
    return 100 * results.validation.accuracy, results.train_seconds


def table(figures: dict[str, list[tuple[float, float]]], sources: dict[str, str]) -> list[str]:
    """One recipe: a row a variant, differences seed by seed."""
    lines = ["| | validation accuracy, % | difference | training, s (median) | source |", "|---|---|---|---|---|"]
    whole = [accuracy for accuracy, _ in figures[WHOLE.name]]
    for name, row in figures.items():
        accuracies = [accuracy for accuracy, _ in row]
        apart = [own - base for own, base in zip(accuracies, whole, strict=True)]
        difference = "" if name == WHOLE.name else f"{statistics.mean(apart):+.3f} ± {_error(apart):.3f}"
        reached = f"{statistics.mean(accuracies):.3f} ± {_error(accuracies):.3f}"
        seconds = statistics.median(seconds for _, seconds in row)
        lines.append(f"| {name} | {reached} | {difference} | {seconds:.1f} | {sources[name]} |")
    return lines


def _error(values: list[float]) -> float:
    """Standard error of the mean; not a number for a single value."""
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else math.nan


def page(results: dict[str, Any]) -> str:
    """The whole page, made of the results that there are of the recipes as they are."""
    parts = []
    for name in VARIANTS:
        if name not in results or results[name]["recipe"] != as_it_is(name):
            parts.append(f"## {name}\nNot measured yet as it is now: `python benchmarks/recipes.py --recipes {name}`.")
            continue
        result, own = results[name], pl.recipe(name, SHAPE, CLASSES).train.epochs
        epochs = result["epochs"] or own
        length = f"{epochs} epochs in place of {own}" if epochs != own else f"{own} epoch{'s' if own > 1 else ''}"
        sources = {variant.name: variant.source for variant in VARIANTS[name]}
        head = f"## {name} ({length}; seeds 0 to {result['seeds'] - 1}; {result['machine']})"
        parts.append("\n".join([head, *table(result["figures"], sources)]))
    return f"""# What each part of the recipes is worth

Made by `make recipes`: each recipe on MNIST with one part left out or changed, last epoch. Accuracy is of the
**validation split** (a tenth of the training images). Recipes were tuned on that and on other held-out training images;
the test split is not read.
± is the standard error over the seeds; differences are taken seed by seed. A shortened training says little of what
augmentation and label smoothing are worth over all epochs.

{chr(10).join(f"{part}{chr(10)}" for part in parts)}"""


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--accurate-epochs", type=int, default=3, help="shortened, since it takes long")
    parser.add_argument("--tiny-epochs", type=int, default=12)
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of all figures, to which these are added")
    parser.add_argument("--out", type=Path, help="the page, made of all figures in that file")
    arguments = parser.parse_args()
    results = json.loads(arguments.results.read_text(encoding="utf-8")) if arguments.results.exists() else {}
    lengths = {"accurate": arguments.accurate_epochs, "tiny": arguments.tiny_epochs}
    data = pl.load_data("mnist")
    for name in arguments.recipes:
        figures: dict[str, list[tuple[float, float]]] = {variant.name: [] for variant in VARIANTS[name]}
        for seed in range(arguments.seeds):
            for variant in VARIANTS[name]:
                figures[variant.name].append(measure(data, name, variant, seed, lengths.get(name)))
            keep(results, name, {"epochs": lengths.get(name), "seeds": seed + 1, "figures": figures}, arguments.results)
        print(name, figures, flush=True)
    if arguments.out:
        arguments.out.write_text(page(results), encoding="utf-8")


def keep(results: dict[str, Any], recipe: str, found: dict[str, Any], path: Path) -> None:
    """Add what was found of one recipe to the file of all figures, with the machine's name."""
    machine = f"{processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    results[recipe] = {"recipe": as_it_is(recipe), **found, "machine": machine}
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
