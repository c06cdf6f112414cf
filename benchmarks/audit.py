"""The audit measured: how many planted faults it finds, and what it calls a fault where there is none.

Run from the repository: `python benchmarks/audit.py --out docs/audit-benchmark.md`. Each fault is planted by itself
into a clean set of images, and the whole is audited; then the clean sets are.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_images

import pellucid as pl
from pellucid.audit.examine import examine
from pellucid.audit.findings import Audit, Duplicates
from pellucid.audit.pool import Pool
from pellucid.audit.quality import oddities
from pellucid.data.dataset import DataSplits, ImageDataset

COUNT, PLANTED, SEED, SIDE = 300, 20, 0, 64
REPEATED = ("exact", "near", "turned", "cropped")
ODD = ("empty", "dark", "bright", "blurred")

INTRODUCTION = f"""# Planted faults: what an audit finds

Made by `make bench-audit`, with seeds {SEED} to {SEED + 2}. Into {COUNT} clean images, 520 of patches, {PLANTED}
faulty ones are planted. Digits are the first of MNIST's training images, 28x28 grey; those enlarged are the next
{2 * COUNT}. Textures are coloured noise of a fine grain; scenes are noise with the spectrum of photographs and some
shapes on it. Both are made by NumPy, 64x64, and stand in for photographs, which they are not. Patches are the squares
of 32x32 pixels of scikit-learn's two sample photographs, a temple and a flower, without overlap: some are of sky or
shadow alone.
"""

Fault = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def digits() -> np.ndarray:
    """The first digits of MNIST, 28x28 grey."""
    return pl.load_data("mnist").train.images[:COUNT]


def enlarged() -> np.ndarray:
    """Further digits of MNIST, twice as high and wide: strokes without detail, of which many are much alike."""
    images = pl.load_data("mnist").train.images[COUNT : 3 * COUNT]
    grown = [np.asarray(_picture(image).resize((56, 56), Image.Resampling.BILINEAR)) for image in images]
    return np.stack(grown)[..., np.newaxis]


def textures() -> np.ndarray:
    """Fine-grained coloured noise, of a grain of its own each, 64x64 colour."""
    random = np.random.default_rng(SEED)
    grains = random.uniform(0.5, 2, COUNT)
    return np.stack([_stretched(gaussian_filter(random.normal(size=(SIDE, SIDE, 3)), (g, g, 0))) for g in grains])


def scenes() -> np.ndarray:
    """Noise with the spectrum of photographs (amplitude 1/f) and a few flat shapes on it, 64x64 colour."""
    random = np.random.default_rng(SEED + 1)
    return np.stack([_scene(random) for _ in range(COUNT)])


def _scene(random: np.random.Generator) -> np.ndarray:
    fine = 4 * SIDE
    radius = np.hypot(np.fft.fftfreq(fine)[:, None], np.fft.rfftfreq(fine)) + 1 / fine
    waves = np.fft.irfft2(np.fft.rfft2(random.normal(size=(3, fine, fine))) / radius)
    shared = waves[:1] + 0.4 * waves[1:]  # brightness that the channels share, and a little of their own
    image = np.concatenate([waves[:1], shared])[[0, 1, 2]].transpose(1, 2, 0)
    image = (image - image.mean()) / image.std()
    down, across = np.mgrid[:fine, :fine]
    for _ in range(random.integers(1, 5)):
        y, x, height, width = random.uniform(0, fine, 2).tolist() + random.uniform(fine / 16, fine / 4, 2).tolist()
        image[((down - y) / height) ** 2 + ((across - x) / width) ** 2 < 1] = random.normal(0, 1.5, 3)
    return _stretched(image.reshape(SIDE, 4, SIDE, 4, 3).mean(axis=(1, 3)))


def patches() -> np.ndarray:
    """The squares of 32x32 pixels of scikit-learn's two sample photographs."""
    photographs = np.stack([image[: 13 * 32, : 20 * 32] for image in load_sample_images().images])
    return photographs.reshape(2, 13, 32, 20, 32, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 32, 32, 3)


def _stretched(image: np.ndarray) -> np.ndarray:
    """Values as bytes, with white and black three deviations from the mean."""
    return np.clip(127.5 + 42.5 * (image - image.mean()) / image.std(), 0, 255).astype(np.uint8)


def _picture(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)


def _array(picture: Image.Image, like: np.ndarray) -> np.ndarray:
    return np.asarray(picture).reshape(like.shape)


def saved_as_jpeg(quality: int) -> Fault:
    """Saved once more, as a JPEG of this quality."""

    def save(image: np.ndarray, _: np.random.Generator) -> np.ndarray:
        buffer = io.BytesIO()
        _picture(image).save(buffer, "jpeg", quality=quality)
        return _array(Image.open(buffer), image)

    return save


def resized(share: float) -> Fault:
    """Made smaller, and brought back to its size."""

    def resize(image: np.ndarray, _: np.random.Generator) -> np.ndarray:
        picture = _picture(image)
        small = picture.resize((round(picture.width * share), round(picture.height * share)), Image.Resampling.BILINEAR)
        return _array(small.resize(picture.size, Image.Resampling.BILINEAR), image)

    return resize


def cropped(low: float, high: float) -> Fault:
    """A part of it, of a share of each side that is drawn, brought back to its size."""

    def crop(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
        picture = _picture(image)
        share = random.uniform(low, high)
        width, height = share * picture.width, share * picture.height
        left, top = random.uniform(0, picture.width - width), random.uniform(0, picture.height - height)
        box = (left, top, left + width, top + height)
        return _array(picture.resize(picture.size, Image.Resampling.BILINEAR, box), image)

    return crop


def blurred(radius: float) -> Fault:
    """A Gaussian blur of so many pixels."""
    return lambda image, _: _array(_picture(image).filter(ImageFilter.GaussianBlur(radius)), image)


def flat(spread: int) -> Fault:
    """One grey, with noise of so many levels."""
    return lambda image, random: np.clip(
        random.integers(20, 236) + random.integers(-spread, spread + 1, image.shape), 0, 255
    ).astype(np.uint8)


def specked(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A blank page with one speck of two by one pixels."""
    page = np.full_like(image, 255 if random.integers(2) else 0)
    row, column = random.integers(2, image.shape[0] - 2, 2)
    page[row : row + 2, column] ^= 255
    return page


def noisy(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Noise of a deviation of 4 levels."""
    return np.clip(image + random.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def grey(image: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Without its colour."""
    return _array(_picture(image).convert("L").convert("L" if image.shape[2] == 1 else "RGB"), image)


COPIES: dict[str, Fault] = {
    "exact copy": lambda image, _: image,
    "saved as JPEG, quality 90": saved_as_jpeg(90),
    "saved as JPEG, quality 75": saved_as_jpeg(75),
    "saved as JPEG, quality 50": saved_as_jpeg(50),
    "made grey": grey,
    "dimmed to 70%": lambda image, _: (image * 0.7).astype(np.uint8),
    "noise, deviation 4": noisy,
    "made smaller (75%) and brought back": resized(0.75),
    "mirrored": lambda image, _: image[:, ::-1],
    "upside down": lambda image, _: image[::-1],
    "turned by a quarter": lambda image, _: np.rot90(image),
    "mirrored, saved as JPEG, quality 75": lambda image, random: saved_as_jpeg(75)(
        np.ascontiguousarray(image[:, ::-1]), random
    ),
    "cropped to 75 to 95% of the sides": cropped(0.75, 0.95),
    "cropped to 50 to 75% of the sides": cropped(0.5, 0.75),
}
SINGLE: dict[str, tuple[str, Fault]] = {
    "one grey, noise of 1 level": ("empty", flat(1)),
    "one grey, noise of 3 levels": ("empty", flat(3)),
    "blank but for a speck": ("empty", specked),
    "dimmed to 20%": ("dark", lambda image, _: (image * 0.2).astype(np.uint8)),
    "washed out (20% of the contrast, white)": (
        "bright",
        lambda image, _: 255 - ((255 - image) * 0.2).astype(np.uint8),
    ),
    "blurred by 1 pixel": ("blurred", blurred(1)),
    "blurred by 2 pixels": ("blurred", blurred(2)),
    "blurred by 3 pixels": ("blurred", blurred(3)),
}


def _dataset(images: np.ndarray) -> ImageDataset:
    return ImageDataset(np.ascontiguousarray(images), np.zeros(len(images), np.int64), ("a", "b"))


def _planted(clean: np.ndarray, rows: np.ndarray, fault: Fault) -> np.ndarray:
    """Faulty images made of these rows of clean ones."""
    random = np.random.default_rng(SEED + 2)
    return np.stack([fault(clean[row], random) for row in rows])


def _repeated(audit: Audit) -> list[Duplicates | None]:
    return [getattr(audit, kind) for kind in REPEATED]


def copies_found(clean: np.ndarray) -> list[int]:
    """How many of the planted copies of each kind stand in a group with what they were made of.

    All kinds are planted together, each made of other images, so that no copy is found by way of another.
    """
    rows = np.random.default_rng(SEED + 2).permutation(len(clean)).reshape(-1, PLANTED)[: len(COPIES)]
    copies = [_planted(clean, own, fault) for own, fault in zip(rows, COPIES.values(), strict=True)]
    audit = examine(DataSplits("planted", _dataset(clean), _dataset(np.concatenate(copies))))
    groups = [
        {(member.split, member.index) for member in group.members}
        for duplicates in _repeated(audit)
        if duplicates
        for group in duplicates.groups
    ]
    pairs = [{("train", row), ("test", place)} for place, row in enumerate(rows.ravel().tolist())]
    hits = np.array([any(pair <= group for group in groups) for pair in pairs])
    return hits.reshape(rows.shape).sum(axis=1).tolist()


def faults_found(clean: np.ndarray, kind: str, fault: Fault) -> int:
    """How many of the planted images of one fault, alone among the clean ones, are listed under its kind."""
    rows = np.random.default_rng(SEED + 2).choice(len(clean), PLANTED, replace=False)
    pool = Pool({"train": _dataset(clean), "test": _dataset(_planted(clean, rows, fault))})
    return sum(each.member.split == "test" for odd in oddities(pool) if odd.kind == kind for each in odd.images)


def false_alarms(audit: Audit) -> list[object]:
    """What is found in a clean set: groups of each kind of copies, then images of each other kind."""
    return [
        *(len(each.groups) if each else "not sought" for each in _repeated(audit)),
        *(len(odd.images) for odd in audit.odd),
    ]


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def page(sets: dict[str, np.ndarray], mnist: Audit | None) -> str:
    """The document."""
    lines = [
        INTRODUCTION,
        "## Found, of the planted\n",
        _row("fault", *sets),
        _row("---", *["---"] * len(sets)),
    ]
    for words, found in zip(COPIES, zip(*map(copies_found, sets.values()), strict=True), strict=True):
        lines.append(_row(words, *(f"{hits} of {PLANTED}" for hits in found)))
    for words, (kind, fault) in SINGLE.items():
        found = [faults_found(images, kind, fault) for images in sets.values()]
        lines.append(_row(f"{words} ({kind})", *(f"{hits} of {PLANTED}" for hits in found)))
    audits = {name: examine(DataSplits(name, _dataset(images), None)) for name, images in sets.items()}
    audits["digits enlarged to 56x56"] = examine(DataSplits("enlarged", _dataset(enlarged()), None))
    audits |= {"all of MNIST": mnist} if mnist else {}
    lines += [
        "\n## Found where nothing was planted\n",
        "Groups of images that are alike, and images that stand out.\n",
        _row("data", *REPEATED, *ODD),
        _row("---", *["---"] * len((*REPEATED, *ODD))),
        *(_row(name, *false_alarms(audit)) for name, audit in audits.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the audit of all of MNIST")
    parser.add_argument("--out", type=Path, help="where the page goes")
    arguments = parser.parse_args()
    sets = {"digits": digits(), "textures": textures(), "scenes": scenes(), "patches": patches()}
    text = page(sets, None if arguments.quick else examine(pl.load_data("mnist")))
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
