"""The index of decoded images: what is kept of each beside its pixels."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import ROWS_AT_ONCE, fingerprint_of, hash_of
from pellucid.data.listing import Listing
from pellucid.untrusted import parsed_json, read

PIXELS, INDEX = "images.u8", "index.json"
ALWAYS = {"class_names", "shape", "notes", "rejected", "splits"}  # in indexes of earlier versions too
KEYS = ALWAYS | {"value_range", "undecoded", "split_notes", "sha256"}
SPLITS = ("train", "validation", "test")
DIGEST = ', "sha256": "'  # the last entry of an index, over all that stands before it
SAMPLE_BYTES, SAMPLE_ROWS = 4 << 20, 16  # of the pixels that are looked at, at least


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Write an index with its digest, safe on disk.

    Raises:
        OSError: It cannot be written.
    """
    body = json.dumps(index).removesuffix("}")
    with (folder / INDEX).open("w", encoding="utf-8") as file:
        file.write(f'{body}{DIGEST}{hashlib.sha256(body.encode()).hexdigest()}"}}')
        file.flush()
        os.fsync(file.fileno())


def read_index(folder: Path) -> dict[str, Any]:
    """Read an index.

    Raises:
        OSError: It is not there, or cannot be read.
        ValueError: It is not as it was written.
    """
    raw = read(folder / INDEX)
    body, _, told = raw.rpartition(DIGEST.encode())
    if told.decode("latin-1") != f'{hashlib.sha256(body).hexdigest()}"}}':
        raise ValueError(f"{INDEX} is not as it was written")
    return parsed_json(raw.decode("utf-8"))


def map_pixels(folder: Path, index: Mapping[str, Any]) -> np.memmap:
    """The pixels that an index is of, mapped into memory, [count, height, width, channels].

    Raises:
        OSError: They are not there, or cannot be read.
        ValueError: They are more or fewer than the index tells.
    """
    shape, count = tuple(index["shape"]), sum(split["count"] for split in index["splits"].values())
    if (folder / PIXELS).stat().st_size != count * int(np.prod(shape)):
        raise ValueError(f"{PIXELS} does not fit {INDEX}")
    # Copy on write: torch wants what it may write to, and nothing that it writes reaches the file.
    return np.memmap(folder / PIXELS, np.uint8, "c", shape=(count, *shape))


def require_unchanged(
    images: np.ndarray,
    index: Mapping[str, Any],
    *,
    all_rows: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """See that images are as they were decoded: all of them, or else some that are drawn anew each time.

    Args:
        images: The pixels that the index is of.
        index: Has the hash of each image.
        all_rows: Look at all of them, however many they are.
        on_progress: Told how many more were looked at.

    Raises:
        ValueError: One is not.
    """
    splits = sorted(index["splits"].values(), key=lambda split: split["start"])
    hashes = [number for split in splits for number in split["hashes"]]
    rows: Iterable[int] = range(len(images))
    most = max(SAMPLE_ROWS, SAMPLE_BYTES // max(1, images[0].nbytes))
    if len(images) > most and not all_rows:
        rows = np.random.default_rng().choice(len(images), most, replace=False).tolist()
    for row in rows:
        if hash_of(np.ascontiguousarray(images[row]).data) != hashes[row]:
            raise ValueError(f"image {row} in {PIXELS} is not as it was decoded")
        if on_progress:
            on_progress(1)


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
