"""Images that are a part of another image, cut out and brought to the same size.

The lowest frequencies of many windows of each image, on a grid of places and sizes, are held against those of every
other image. For the likeliest of them the window is then moved until the images agree best, and the pixels decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32
from numpy import ndarray
from PIL import Image

from pellucid.audit.duplicates import joined, linked
from pellucid.audit.findings import Duplicates
from pellucid.audit.looks import FREQUENCIES, brightness, colours_agree, correlation, thumbnails
from pellucid.audit.pool import Pool, Rows

MOST = 1000  # different images; each is held against each, in over a thousand windows
LEAST_SIDE = 2 * FREQUENCIES  # pixels: half of it still has all frequencies
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of a side that a window takes
GRID = 0.05  # of a side, between the places of windows
LIKELY = 0.9  # correlation of the lowest frequencies; a window on the grid is not yet the right one
TRIED = 2  # likely wholes of each image
STEPS = {0.02: 0.9, 0.01: 0.95, 0.005: 0}  # of a side, by which edges are moved; below this agreement, no further
ALIKE, ALIKE_IN_DETAIL = 0.98, 0.9  # correlation of the brightness, and of its differences between neighbours
LEAST_CLOSE = 5e-4  # what both lack of 1, multiplied: strokes of equal shape lack more, parts of one image less
WHOLE = 0.97  # share of both sides from which a window is the image itself, and no crop

Span = tuple[float, float]  # where a window begins and ends on a side, from 0 to 1
Window = tuple[float, float, float, float]  # top, bottom, left, right
Pixels = Float32[ndarray, "_ _"]


class Crops(NamedTuple):
    """Crops, and how far they were sought.

    Attributes:
        duplicates: Groups of images of which one looks like a part of another; None where they were not sought.
        note: Why they were not sought; empty where they were.
    """

    duplicates: Duplicates | None
    note: str


class Match(NamedTuple):
    """An image that may be a part of another.

    Attributes:
        whole: Row of the other.
        part: Row of the image.
        window: The part of the other that looks most like it.
    """

    whole: int
    part: int
    window: Window


def cropped_copies(pool: Pool) -> Crops:
    """Groups of images of which one is a part of another: half of its height and width at least, stretched or not."""
    if min(pool.image_shape[:2]) < LEAST_SIDE:
        note = f"Crops are sought in images of at least {LEAST_SIDE}x{LEAST_SIDE} pixels only."
        return Crops(None, note)
    _, first, inverse = np.unique(pool.hashes, return_index=True, return_inverse=True)
    if len(first) > MOST:
        note = f"Crops are sought among at most {MOST:,} different images; these are {len(first):,}."
        return Crops(None, note)
    found = [match for match in _likely(pool, first) if _is_crop(pool, first, match)]
    wholes, parts = (np.array([match[end] for match in found], np.int64) for end in (0, 1))
    roots = joined(np.arange(len(first)), wholes, parts)
    return Crops(linked(pool, np.arange(len(first)), roots, inverse), "")


def _likely(pool: Pool, rows: Rows) -> Iterator[Match]:
    """For each image those others of which it may be a part, the likeliest first."""
    bright = np.concatenate([brightness(thumbnails(pool.images(chunk))) for chunk in pool.chunks(rows)])
    windows = [(*down, *across) for down, across in product(_spans(), _spans())]
    high, wide = (np.stack([_waves(span, length) for span in _spans()]) for length in bright.shape[1:])
    images = np.stack([_vectors(high[-1:], image, wide[-1:])[0] for image in bright])  # as wholes
    scores, best = np.zeros((2, len(rows), len(rows)), np.float32)
    for whole, image in enumerate(bright):
        agreement = _vectors(high, image, wide)[:-1] @ images.T
        best[whole], scores[whole] = agreement.argmax(axis=0), agreement.max(axis=0)
    np.fill_diagonal(scores, 0)
    for part in range(len(rows)):
        for whole in np.argsort(-scores[:, part], kind="stable")[:TRIED].tolist():
            if scores[whole, part] >= LIKELY:
                yield Match(whole, part, windows[int(best[whole, part])])


def _spans() -> list[Span]:
    """All places of all sizes on one side; the whole side is the last."""
    return [(start * GRID, start * GRID + share) for share in SHARES for start in range(round((1 - share) / GRID) + 1)]


def _waves(span: Span, length: int) -> Float32[ndarray, "frequencies length"]:
    """The lowest waves of the cosine transform over a part of a side, in pixels of the whole, each of length 1."""
    start, end = (edge * length for edge in span)
    low, high = (np.clip(np.arange(length) + step, start, end) for step in (0, 1))
    covered, middle = high - low, (low + high) / 2
    waves = covered * np.cos(np.pi * np.arange(FREQUENCIES)[:, None] * (middle - start) / (end - start))
    waves[1:] -= covered * waves[1:].sum(axis=1, keepdims=True) / covered.sum()
    return (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)


def _vectors(high: ndarray, image: Float32[ndarray, "height width"], wide: ndarray) -> Float32[ndarray, "windows 64"]:
    """The lowest frequencies in each window of an image, of length 1; without the mean."""
    down, waves, height = high.shape
    across, _, width = wide.shape
    frequencies = high.reshape(-1, height) @ image @ wide.reshape(-1, width).T
    vectors = frequencies.reshape(down, waves, across, waves).swapaxes(1, 2).reshape(down * across, waves * waves)
    vectors[:, 0] = 0
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)


def _is_crop(pool: Pool, rows: Rows, match: Match) -> bool:
    """Whether the pixels bear a match out, once its window has been moved to where the images agree best."""
    whole, part = pool.images(rows[[match.whole, match.part]]).astype(np.float32)
    target = thumbnails(part[None])
    wanted = brightness(target)
    window, agreement = _settled(brightness(whole[None])[0], wanted[0], match.window)
    if agreement < ALIKE or (window[1] - window[0] >= WHOLE and window[3] - window[2] >= WHOLE):
        return False
    channels = [_cut(Image.fromarray(channel), window, wanted.shape[1:]) for channel in np.moveaxis(whole, 2, 0)]
    cut = np.stack(channels, axis=2)[None]
    seen = brightness(cut)
    detail = min(correlation(np.diff(seen, axis=axis), np.diff(wanted, axis=axis))[0] for axis in (1, 2))
    if detail < ALIKE_IN_DETAIL or (1 - agreement) * (1 - detail) > LEAST_CLOSE:
        return False
    return bool(colours_agree(cut - seen[..., None], target - wanted[..., None])[0])


def _settled(bright: Pixels, wanted: Pixels, window: Window) -> tuple[Window, float]:
    """The window near one in which an image agrees best with another, and the correlation there."""
    image, target = Image.fromarray(bright), wanted - wanted.mean()
    length = np.linalg.norm(target)

    def agreement(window: Window) -> float:
        seen = _cut(image, window, target.shape)
        seen = seen - seen.mean()
        return float((seen * target).sum() / max(np.linalg.norm(seen) * length, 1.0))

    best = agreement(window)
    for step, hopeful in STEPS.items():
        moved = True
        while moved:
            moved = False
            for edge, way in product(range(4), (-step, step)):
                edges = list(window)
                edges[edge] = min(1.0, max(0.0, edges[edge] + way))
                tried = (edges[0], edges[1], edges[2], edges[3])
                wide_enough = min(tried[1] - tried[0], tried[3] - tried[2]) > SHARES[0] - GRID
                if wide_enough and (found := agreement(tried)) > best + 1e-5:
                    window, best, moved = tried, found, True
        if best < hopeful:
            break
    return window, best


def _cut(image: Image.Image, window: Window, size: tuple[int, ...]) -> Float32[ndarray, "high wide"]:
    """A window of one channel of an image, brought to a height and width."""
    top, bottom, left, right = window
    box = (left * image.width, top * image.height, right * image.width, bottom * image.height)
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BILINEAR, box))
