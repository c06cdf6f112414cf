"""From files to decoded images: look at all, decide on shape and splits, decode, describe."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pellucid.data.dataset import ROWS_AT_ONCE, Rejected, fingerprint_of, hash_of
from pellucid.data.decode import Header, decode, probe
from pellucid.data.listing import Entry, Listing, rejected_of
from pellucid.data.splits import part
from pellucid.data.workers import over_files
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec
from pellucid.spec.seeds import derive_seed

PIXELS, INDEX = "images.u8", "index.json"
INDEX_KEYS = {"class_names", "shape", "notes", "rejected", "splits"}
SPLITS = ("train", "validation", "test")
DEFAULT_SIZE = (64, 64)
# What is being done, of how many files, how many more are done.
OnProgress = Callable[[str, int, int], None]


def ingest(folder: Path, listing: Listing, reading: ReadSpec, on_progress: OnProgress) -> None:
    """Write the images of a listing to a folder: their pixels one after another, and an index of them.

    Args:
        folder: An empty folder.
        listing: The files.
        reading: How to read them.
        on_progress: Told what is being done, of how many files, and how many more are done.

    Raises:
        DataError: There are fewer than two classes, or too many files are unreadable.
        OSError: The folder cannot be written.
    """
    names = listing.class_names
    rejected: list[Rejected] = []
    entries, headers = _probe(listing.entries, rejected, on_progress)
    refuse_too_many(listing, rejected, reading)
    if not headers:
        raise DataError(f"{listing.name}: no image could be read: {rejected_of(rejected)}.")
    shape, notes = _shape(headers, reading)
    notes += _misnamed(entries, headers)
    keys = np.array([_split_key(entry, header) for entry, header in zip(entries, headers, strict=True)], np.uint64)
    splits, more = _splits(entries, keys, names, reading)
    order = sorted(range(len(entries)), key=lambda row: SPLITS.index(splits[row]))
    kept = _decode(folder / PIXELS, [entries[row] for row in order], shape, reading, rejected, on_progress)
    refuse_too_many(listing, rejected, reading)
    rows = [row for row, good in zip(order, kept, strict=True) if good]
    if not rows:
        raise DataError(f"{listing.name}: no image could be read: {rejected_of(rejected)}.")
    index = {
        "class_names": names,
        "shape": shape,
        "notes": [*notes, *more],
        "rejected": [[fault.source, fault.reason] for fault in rejected],
        "splits": _describe(folder / PIXELS, rows, entries, headers, splits, keys, names, shape),
    }
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def _probe(
    entries: Sequence[Entry], rejected: list[Rejected], on_progress: OnProgress
) -> tuple[list[Entry], list[Header]]:
    good, headers = [], []
    told = partial(on_progress, "looking at files", len(entries))
    results = over_files(probe, [entry.content for entry in entries], told)
    for entry, header in zip(entries, (result for some in results for result in some), strict=True):
        if isinstance(header, ValueError):
            rejected.append(Rejected(entry.source, str(header)))
        else:
            good.append(entry)
            headers.append(header)
    return good, headers


def refuse_too_many(listing: Listing, rejected: Sequence[Rejected], reading: ReadSpec) -> None:
    """See that not too many files are unreadable.

    Raises:
        DataError: Too many are; the first few are named.
    """
    if len(rejected) > reading.max_bad * len(listing.entries):
        rule = f"At most {reading.max_bad:.1%} of the files may be unreadable"
        received = f"{len(rejected)} of {len(listing.entries)}"
        raise DataError(f"{rule}; received {received}: {rejected_of(rejected)}. Mend them, or set --max-bad.")


def _shape(headers: Sequence[Header], reading: ReadSpec) -> tuple[tuple[int, int, int], list[str]]:
    """The shape that all images are brought to, and what should be said of it."""
    notes = []
    channels = reading.channels or max(header.channels for header in headers)
    sizes = {(header.height, header.width) for header in headers}
    size = reading.image_size
    if size is None and len(sizes) == 1:
        size = next(iter(sizes))
    elif size is None:
        size = DEFAULT_SIZE
        smallest, largest = min(sizes), max(sizes)
        found = f"from {smallest[0]}x{smallest[1]} to {largest[0]}x{largest[1]}"
        done = f"all are brought to {size[0]}x{size[1]} ({reading.fit})"
        notes.append(f"the images differ in size, {found}; {done}. --image-size and --fit change that.")
    return (size[0], size[1], channels), notes


def _misnamed(entries: Sequence[Entry], headers: Sequence[Header]) -> list[str]:
    """Say which files are of another format than their names tell; they are used all the same."""
    known = Image.registered_extensions()
    wrong = []
    for entry, header in zip(entries, headers, strict=True):
        told = known.get(Path(entry.content.member or entry.content.path).suffix.lower())
        if entry.content.raw is None and told and told != header.format:
            wrong.append(f"{entry.source} is {header.format}")
    if not wrong:
        return []
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return [f"some files are of another format than their names say: {', '.join(wrong[:3])}{more}. They are used."]


def _split_key(entry: Entry, header: Header) -> int:
    return header.key if entry.group is None else hash_of(entry.group.encode())


def _splits(
    entries: Sequence[Entry], keys: np.ndarray, names: tuple[str, ...], reading: ReadSpec
) -> tuple[list[str], list[str]]:
    """The split of each image; a test split is held out where the data have none."""
    splits = [entry.split or "train" for entry in entries]
    if "test" in splits or reading.test_split is None:
        return splits, []
    number = {name: label for label, name in enumerate(names)}
    rows = np.array([row for row, split in enumerate(splits) if split == "train"], np.int64)
    labels = np.array([number[entries[row].label] for row in rows], np.int64)
    _, held_out = part(keys[rows], labels, names, reading.test_split, derive_seed(0, "test split"))
    for row in rows[held_out]:
        splits[row] = "test"
    return splits, [no_test_note(reading.test_split)]


def no_test_note(share: float) -> str:
    """What is said of a test split that was held out."""
    done = f"there is no test split; {share:.0%} of the images are held out as one, always the same"
    return f"{done}. --test-split and --no-test change that."


def _decode(
    path: Path,
    entries: Sequence[Entry],
    shape: tuple[int, int, int],
    reading: ReadSpec,
    rejected: list[Rejected],
    on_progress: OnProgress,
) -> list[bool]:
    """Write the pixels one image after another; False stands for those that could not be decoded."""
    kept = []
    told = partial(on_progress, "decoding images", len(entries))
    work = partial(decode, input_shape=shape, reading=reading)
    with path.open("wb") as file:
        results = over_files(work, [entry.content for entry in entries], told)
        for entry, pixels in zip(entries, (result for some in results for result in some), strict=True):
            kept.append(not isinstance(pixels, ValueError))
            if isinstance(pixels, ValueError):
                rejected.append(Rejected(entry.source, str(pixels)))
            else:
                file.write(pixels.tobytes())
        file.flush()
        os.fsync(file.fileno())
    return kept


def _describe(
    pixels: Path,
    rows: Sequence[int],
    entries: Sequence[Entry],
    headers: Sequence[Header],
    splits: Sequence[str],
    keys: np.ndarray,
    names: tuple[str, ...],
    shape: tuple[int, int, int],
) -> dict[str, Any]:
    """What is kept of each split beside its pixels."""
    number = {name: label for label, name in enumerate(names)}
    described, start = {}, 0
    for split in SPLITS:
        own = [row for row in rows if splits[row] == split]
        if not own:
            continue
        labels = np.array([number[entries[row].label] for row in own], np.int64)
        brightness: list[float] = []
        hashes: list[int] = []
        parts = _parts(pixels, start, len(own), shape, brightness, hashes)
        groups = [entries[row].group for row in own]
        described[split] = {
            "start": start,
            "count": len(own),
            "labels": labels.tolist(),
            "sources": [entries[row].source for row in own],
            "groups": [group or "" for group in groups] if any(groups) else None,
            "sizes": [[headers[row].height, headers[row].width] for row in own],
            "keys": keys[own].tolist(),
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
