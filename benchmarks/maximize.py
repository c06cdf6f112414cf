"""Maximisation measured: pictures a second against one by one, and how legible they are.

Run from the repository: `python benchmarks/maximize.py --out docs/maximize-benchmark.md`. The other side is a loop in
the style of Lucent, written afresh here: one picture at a time, from waves, seen shifted, turned and scaled, with 512
steps of Adam. Both sides take turns, and cover every class and every filter of `tutorial`.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

import pellucid as pl
from pellucid.device import processor
from pellucid.interpret.control import untrained
from pellucid.interpret.layers import convolutions_of, undisturbed, watched
from pellucid.interpret.legibility import Reference, reference_of
from pellucid.interpret.maximize import (
    DataPrior,
    Maximized,
    Target,
    class_targets,
    filter_targets,
    fit_prior,
    maximize,
)
from pellucid.interpret.maximize.bar import bar_of, ignorant_pictures
from pellucid.interpret.maximize.findings import findings_of
from pellucid.interpret.maximize.targets import OUTPUT, answers
from pellucid.trained.sample import sample_of

ADAM_STEPS, ADAM_RATE = 512, 0.05
SHIFT, TURN, SCALE = 0.1, 10.0, 0.1  # share of the side, degrees, share
STARTS = 8
ROUNDS = 5
WAYS = ("raw", "constrained without the prior", "constrained")


def train(recipe: str, out: Path, quick: bool) -> pl.Run:
    """A run of a recipe on MNIST; one that is there already is taken."""
    if not (out / "run.json").exists():
        settings: dict[str, Any] = {"epochs": 1} if quick else {}
        pl.fit(pl.load_data("mnist"), recipe=recipe, out=out, **settings)
    return pl.load_run(out)


def all_targets(predictor: pl.Predictor) -> tuple[list[Target], list[Target]]:
    """Every class, and every filter of every convolution."""
    layers = convolutions_of(predictor.model)
    return class_targets(predictor), [target for layer in layers for target in filter_targets(predictor, layer)]


def ours(predictor: pl.Predictor, way: str, prior: DataPrior, steps: int) -> tuple[float, Maximized, Maximized]:
    """Seconds for all classes from 8 starts and all filters from one, and the pictures."""
    classes, filters = all_targets(predictor)
    settings: dict[str, Any] = {"method": way.split()[0], "steps": steps}
    settings["prior"] = prior if way == "constrained" else None
    started = time.perf_counter()
    both = maximize(predictor, classes, starts=STARTS, **settings), maximize(predictor, filters, starts=1, **settings)
    return time.perf_counter() - started, *both


def one_by_one(predictor: pl.Predictor, target: Target, seed: int, steps: int) -> float:
    """What a target comes to in a picture of its own, on the clean picture as everywhere."""
    height, width, channels = predictor.record.input_shape
    generator = torch.Generator().manual_seed(seed)
    size = (1, channels, height, width // 2 + 1, 2)
    waves = (0.01 * torch.randn(size, generator=generator)).requires_grad_()
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)
    weights = math.sqrt(height * width) / (rows.square() + columns.square()).sqrt().clamp(min=1 / max(height, width))

    def paint() -> torch.Tensor:
        spectrum = torch.view_as_complex(waves) * weights
        return torch.fft.irfft2(spectrum, s=(height, width), norm="ortho").div(4).sigmoid()

    optimizer = torch.optim.Adam([waves], lr=ADAM_RATE)
    layers = set() if target.layer == OUTPUT else {target.layer}
    with undisturbed(predictor.model), watched(predictor.model, layers) as seen:
        for _ in range(steps):
            optimizer.zero_grad()
            logits = predictor.model(moved(paint(), generator))
            (-answers(seen | {OUTPUT: logits}, [target], 1).sum()).backward()
            optimizer.step()
        with torch.no_grad():
            logits = predictor.model(paint())
        return float(answers(seen | {OUTPUT: logits}, [target], 1))


def moved(picture: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The picture shifted, turned and scaled at random, grey beyond its edge."""
    shift_x, shift_y, turn, scale = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    angle, size = math.radians(TURN * turn), 1 + SCALE * scale
    cosine, sine = math.cos(angle) * size, math.sin(angle) * size
    matrix = torch.tensor([[[cosine, -sine, 2 * SHIFT * shift_x], [sine, cosine, 2 * SHIFT * shift_y]]])
    grid = F.affine_grid(matrix, list(picture.shape), align_corners=False)
    return F.grid_sample(picture - 0.5, grid, align_corners=False) + 0.5


def measure_speed(predictor: pl.Predictor, prior: DataPrior, quick: bool) -> dict[str, Any]:
    """Both sides in turn, until the other side has made a picture of every target."""
    classes, filters = all_targets(predictor)
    targets, rounds = [*classes, *filters], 1 if quick else ROUNDS
    steps, theirs_steps = (4, 4) if quick else (128, ADAM_STEPS)
    pictures = STARTS * len(classes) + len(filters)
    rates: dict[str, list[float]] = {way: [] for way in (*WAYS, "one by one")}
    reached: dict[str, list[float]] = {}
    theirs: dict[int, float] = {}
    for number in range(rounds):
        for way in WAYS:
            seconds, *made = ours(predictor, way, prior, steps)
            rates[way].append(pictures / seconds)
            reached[way] = [float(value) for part in made for value in part.activations.mean(axis=1)]
        chosen = range(number, len(targets), 30 * rounds if quick else rounds)
        started = time.perf_counter()
        theirs |= {index: one_by_one(predictor, targets[index], index, theirs_steps) for index in chosen}
        rates["one by one"].append(len(chosen) / (time.perf_counter() - started))
        print(f"round {number + 1}: " + ", ".join(f"{way} {rate[-1]:.2f}/s" for way, rate in rates.items()), flush=True)
    return {
        "pictures": pictures,
        "steps": {"ours": steps, "one by one": theirs_steps},
        "targets": len(targets),
        "rates": rates,
        "ratios": {way: [a / b for a, b in zip(rates[way], rates["one by one"], strict=True)] for way in WAYS},
        "seconds": {way: pictures / statistics.median(rates[way]) for way in WAYS},
        "at_least_as_high": {way: _at_least(reached[way], theirs) for way in WAYS},
        "class_logit": {way: statistics.mean(reached[way][: len(classes)]) for way in WAYS}
        | {"one by one": statistics.mean(value for index, value in theirs.items() if index < len(classes))},
    }


def _at_least(reached: Sequence[float], theirs: dict[int, float]) -> float:
    """Share of the targets for which our pictures come to as much as the other side's, in the mean over starts."""
    return statistics.mean(reached[index] >= value for index, value in theirs.items())


def measure_legibility(
    runs: dict[str, pl.Predictor], reference: Reference, prior: DataPrior, quick: bool
) -> list[dict[str, Any]]:
    """How 80 pictures of classes stand to real images, by run and way."""
    rows = []
    for name, predictor in runs.items():
        for way in WAYS:
            settings: dict[str, Any] = {"method": way.split()[0], "prior": prior if way == "constrained" else None}
            settings |= {"starts": STARTS, "steps": 4 if quick else 128}
            targets = class_targets(predictor)
            made = maximize(predictor, targets, **settings)
            bar = bar_of(ignorant_pictures(untrained(predictor), targets, seed=0, **settings), reference)
            summary = findings_of(made, reference, bar)[1]
            rows.append({"run": name, "way": way, "real_starred": bar.real} | vars(summary))
            print(rows[-1], flush=True)
    return rows


def measure(folder: Path, quick: bool) -> dict[str, Any]:
    """Everything that the page tells."""
    tutorial, fast = (train(recipe, folder / recipe, quick) for recipe in ("tutorial", "fast"))
    sample = sample_of(tutorial)
    reference, prior = reference_of(sample), fit_prior(sample.train.images)
    trained = {"tutorial": tutorial.predictor, "fast": fast.predictor}
    runs = trained | {f"{name}, before training": untrained(predictor) for name, predictor in trained.items()}
    return {
        "machine": f"{processor()}, {torch.get_num_threads()} threads; torch {torch.__version__}",
        "reference": {"median": reference.median, "limit": reference.limit, "images": len(reference.images)}
        | {"read_right": reference.read_right},
        "closest_real": np.percentile(reference.distances, [0, 5]).tolist(),
        "prior": prior.name,
        "legibility": measure_legibility(runs, reference, prior, quick),
        "speed": measure_speed(tutorial.predictor, prior, quick),
    }


def page(found: dict[str, Any]) -> str:
    """The page as Markdown."""
    speed, steps, real = found["speed"], found["speed"]["steps"], found["reference"]
    rows = [
        f"| {row['run']} | {row['way']} | {row['median_distance']:.3f} | {row['closest']:.3f} "
        f"| {row['share_within']:.0%} | {row['share_starred']:.0%} | {row['real_starred']:.0%} "
        f"| {row['read_right']} of {row['pictures']} | {row['classes_read_right']} of 10 |"
        for row in found["legibility"]
    ]
    lines = [_speed_row(way, speed) for way in WAYS]
    middle = statistics.median(speed["rates"]["one by one"])
    lines.append(f"| one by one | {middle:.2f} | 1 | | {speed['class_logit']['one by one']:.1f} | |")
    return f"""# Maximisation: speed and legibility

Made by `make bench-maximize`. Machine: {found["machine"]}.

## Speed
All 10 classes of `tutorial` from {STARTS} starts and all its {speed["targets"] - 10} filters from one:
{speed["pictures"]} pictures of {steps["ours"]} steps, in the same process and taking turns with a loop in the style of
Lucent that was written for this comparison: one picture at a time, {steps["one by one"]} steps of Adam. Medians of
{len(speed["rates"]["raw"])} rounds, ratios with the least and greatest. "As high" is the share of targets whose
pictures come to at least the activation that the loop's reach; the constrained ways give activation up for legibility.

| way | pictures a second | against one by one | all {speed["pictures"]}, seconds | mean class logit | as high |
|---|---|---|---|---|---|
{chr(10).join(lines)}

## Legibility
Ten classes from {STARTS} starts, seed 0, against {real["images"]:,} training images. Cosine distances after a 3x3 blur
and without the means of each image; of held-out images the median is {real["median"]:.3f} and the 95th percentile
{real["limit"]:.3f}, the 5th {found["closest_real"][1]:.3f} and the least {found["closest_real"][0]:.3f}.
The prior: {found["prior"]}.

Starred is what comes nearer to an image of its class than 99% of pictures that know nothing: 80 of the network before
training, made in the same way, and 80 of noise. {real["read_right"]:.0%} of held-out images are read right.

| run | way | median distance | least | within the 95th percentile | starred | held-out starred | read right | shown |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _speed_row(way: str, speed: dict[str, Any]) -> str:
    ratios = speed["ratios"][way]
    ratio = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    cells = (f"{statistics.median(speed['rates'][way]):.1f}", ratio, f"{speed['seconds'][way]:.1f}")
    return f"| {way} | {' | '.join(cells)} | {speed['class_logit'][way]:.1f} | {speed['at_least_as_high'][way]:.0%} |"


def main() -> None:
    """Measure, and write the figures and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that everything works")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench-maximize"), help="where the runs are or go")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--out", type=Path, help="where the page goes")
    arguments = parser.parse_args()
    found = measure(arguments.runs, arguments.quick)
    write = partial(Path.write_text, encoding="utf-8")
    if arguments.json:
        write(arguments.json, json.dumps(found, indent=2) + "\n")
    if arguments.out:
        write(arguments.out, page(found))
    print(page(found))


if __name__ == "__main__":
    main()
