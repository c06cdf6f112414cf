"""The index of decoded images: what is kept of each beside its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import ROWS_AT_ONCE, fingerprint_of, hash_of
from pellucid.data.listing import Listing

PIXELS, INDEX = "images.u8", "index.json"
ALWAYS = {"class_names", "shape", "notes", "rejected", "splits"}  # in indexes of earlier versions too
KEYS = ALWAYS | {"value_range", "undecoded", "split_notes"}
SPLITS = ("train", "validation", "test")


def describe(
    pixels: Path,
    rows: Sequence[int],
    listing: Listing,
    splits: Mapping[int, str],
    keys: Mapping[int, int],
    sizes: Mapping[int, Sequence[int]],
    shape: tuple[int, int, int],
) -> dict[str, Any]:
    """What is kept of each split beside its pixels.

    Args:
        pixels: The file of the pixels, in which the splits follow on each other.
        rows: Number of the entry of each image, in the order of the pixels.
        listing: The files.
        splits: The split of each entry.
        keys: The split key of each entry.
        sizes: Height and width that the file of each entry has.
        shape: (height, width, channels) of an image.
    """
    entries, names = listing.entries, listing.class_names
    number_of = {name: label for label, name in enumerate(names)}
    described, start = {}, 0
    for split in SPLITS:
        own = [row for row in rows if splits[row] == split]
        if not own:
            continue
        labels = np.array([number_of[entries[row].label] for row in own], np.int64)
        brightness: list[float] = []
        hashes: list[int] = []
        parts = _parts(pixels, start, len(own), shape, brightness, hashes)
        groups = [entries[row].group for row in own]
        described[split] = {
            "start": start,
            "count": len(own),
            "entries": own,
            "labels": labels.tolist(),
            "sources": [entries[row].source for row in own],
            "groups": [group or "" for group in groups] if any(groups) else None,
            "sizes": [list(sizes[row]) for row in own],
            "keys": [keys[row] for row in own],
            "fingerprint": fingerprint_of((len(own), *shape), names, parts, labels),
            "hashes": hashes,  # filled by the line above, as the parts go by
            "mean_brightness": sum(brightness) / (255 * len(own) * int(np.prod(shape))),
        }
        start += len(own)
    return described


def _parts(
    pixels: Path, start: int, count: int, shape: tuple[int, int, int], brightness: list[float], hashes: list[int]
) -> Iterator[np.ndarray]:
    """The images of a split, some at a time, read and not mapped so that they do not stay in memory.

    As they go by, the sums of their values and the hash of each are noted.
    """
    size = int(np.prod(shape))
    with pixels.open("rb") as file:
        file.seek(start * size)
        at_once = max(1, min(ROWS_AT_ONCE, (64 << 20) // size))
        for first in range(0, count, at_once):
            images = np.frombuffer(file.read(min(at_once, count - first) * size), np.uint8)
            brightness.append(float(images.sum(dtype=np.uint64)))
            hashes += [hash_of(image.data) for image in images.reshape(-1, size)]
            yield images
