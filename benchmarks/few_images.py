"""Few images: what class weights, and starting from a trained network, are worth where images are scarce.

Run with `make bench-few`. Every seed counts, at its last epoch; the test images decide nothing.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

import pellucid as pl
from pellucid.words import counted

SEEDS = 3
MANY, FEW = 500, 25  # images of a class, of the lopsided digits
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TRAIN_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono")
TEST_FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10")
SIDE, DRAWN = 28, 20


def lopsided(repeated: int = 1) -> pl.DataSplits:
    """Digits 0 to 4 with many images each, 5 to 9 with few, which may be there several times."""
    train, rows = pl.load_data("mnist").train, []
    for label in range(10):
        few = label > 4
        rows += [np.flatnonzero(train.labels == label)[: FEW if few else MANY]] * (repeated if few else 1)
    return pl.DataSplits("lopsided", train.subset(np.concatenate(rows)), pl.load_data("mnist").test)


def letters(count: int, fonts: tuple[str, ...], seed: int) -> pl.ImageDataset:
    """So many small letters of each kind, white on black as MNIST's digits are; turned, slanted and moved a little."""
    random, images = np.random.default_rng(seed), []
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for _ in range(count):
        for letter in LETTERS:
            font = ImageFont.truetype(str(folder / f"{random.choice(fonts)}.ttf"), 64)
            images.append(_drawn(letter, font, random))
    labels = np.tile(np.arange(len(LETTERS)), count)
    return pl.ImageDataset(np.stack(images)[..., None], labels.astype(np.int64), tuple(LETTERS))


def _drawn(letter: str, font: Any, random: np.random.Generator) -> ndarray:
    large = Image.new("L", (128, 128))
    ImageDraw.Draw(large).text((64, 64), letter, fill=255, font=font, anchor="mm")
    shear = random.uniform(-0.2, 0.2)
    large = large.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR)
    large = large.transform(
        large.size, Image.Transform.AFFINE, (1, shear, -64 * shear, 0, 1, 0), Image.Resampling.BILINEAR
    )
    inner = large.crop(large.getbbox())
    scale = DRAWN / max(inner.size)
    inner = inner.resize([max(1, round(side * scale)) for side in inner.size], Image.Resampling.BILINEAR)
    whole = Image.new("L", (SIDE, SIDE))
    across, down = random.integers(-1, 2, 2).tolist()
    whole.paste(inner, ((SIDE - inner.width) // 2 + across, (SIDE - inner.height) // 2 + down))
    return np.asarray(whole)


def digits(wanted: range, count: int | None) -> pl.DataSplits:
    """Some of the digits alone, with so many training images of each."""
    data, parts = pl.load_data("mnist"), []
    for split in (data.train, data.test):
        rows = [np.flatnonzero(split.labels == label) for label in wanted]
        rows = [row[:count] if split is data.train else row for row in rows]
        chosen = split.subset(np.concatenate(rows))
        names = tuple(str(label) for label in wanted)
        parts.append(pl.ImageDataset(chosen.images, chosen.labels - wanted.start, names))
    return pl.DataSplits(f"digits {wanted.start} to {wanted.stop - 1}", *parts)


def judged(data: pl.DataSplits, **how: Any) -> list[pl.Evaluation]:
    """A training of `fast` from each seed, judged on the test images."""
    how = {"recipe": "fast", "validation_split": None, "progress": False} | how
    return [pl.fit(data, seed=seed, **how).evaluate() for seed in range(SEEDS)]


def told(values: list[float]) -> str:
    """Mean and standard deviation, in percent."""
    return f"{100 * statistics.mean(values):.1f} ± {100 * statistics.stdev(values):.1f}"


def weights() -> Iterator[str]:
    """What class weights do, beside images that are repeated until every class has as many."""
    yield "| way | test accuracy | recall of 0 to 4 | recall of 5 to 9 | precision of 5 to 9 |"
    yield "|---|---|---|---|---|"
    ways = {
        "none": judged(lopsided()),
        '`class_weights="balanced"`': judged(lopsided(), class_weights="balanced"),
        "few images repeated": judged(lopsided(MANY // FEW)),
    }
    for name, found in ways.items():
        parts = [[one.per_class[label] for label in range(start, start + 5)] for one in found for start in (0, 5)]
        recalls = [statistics.mean(score.recall or 0.0 for score in scores) for scores in parts]
        precisions = [statistics.mean(score.precision or 0.0 for score in scores) for scores in parts[1::2]]
        columns = [[one.accuracy for one in found], recalls[0::2], recalls[1::2], precisions]
        yield f"| {name} | {' | '.join(map(told, columns))} |"


def starts(scratch: Path) -> Iterator[str]:
    """What starting from a trained network does."""
    yield '| images | fresh | `start_from` | `start_from`, `freeze="*"` |'
    yield "|---|---|---|---|"
    fonts = pl.DataSplits("letters", letters(8, TRAIN_FONTS, 0), letters(40, TEST_FONTS, 1))
    pairs = {
        "208 letters of 5 fonts, judged on 6 others, from MNIST": (pl.load_data("mnist"), fonts),
        "200 of the digits 5 to 9, from the digits 0 to 4": (digits(range(5), None), digits(range(5, 10), 40)),
    }
    for number, (name, (source, data)) in enumerate(pairs.items()):
        pl.fit(source, recipe="fast", out=scratch / str(number), progress=False)
        start = {"start_from": scratch / str(number)}
        found = [judged(data), judged(data, **start), judged(data, **start, freeze="*")]
        yield f"| {name} | {' | '.join(told([one.accuracy for one in some]) for some in found)} |"


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/few-images.md"))
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        parts = ["\n".join(weights()), "\n".join(starts(Path(scratch)))]
    machine = f"{platform.machine()}, {counted(torch.get_num_threads(), 'thread')}; torch {torch.__version__}"
    text = f"""# Few images

Made by `make bench-few`: recipe `fast`, {SEEDS} seeds, mean ± standard deviation in percent. Machine: {machine}.

## Class weights
MNIST's digits 0 to 4 with {MANY} training images each, 5 to 9 with {FEW}; judged on its whole test split.

{parts[0]}

## Starting from a trained network
Judged on test images that neither training has seen. `freeze="*"` trains the last layer alone.

{parts[1]}
"""
    out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
