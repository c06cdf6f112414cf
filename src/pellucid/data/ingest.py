"""From files to decoded images: look at all, decide on shape and splits, decode, describe."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.dataset import hash_of
from pellucid.data.decode import Header, decode, measure, probe
from pellucid.data.formats import is_misnamed
from pellucid.data.index import PIXELS, SPLITS, describe, read_index, write_index
from pellucid.data.listing import Entry, Listing, rejected_of
from pellucid.data.rejected import Rejected
from pellucid.data.splits import absent_note, part
from pellucid.data.value_range import cannot_hold, enough, resolved
from pellucid.data.values import WHITE, Extent
from pellucid.data.workers import Done, over_file, over_files
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec
from pellucid.spec.seeds import derive_seed

DEFAULT_SIZE = (64, 64)
LARGEST_SIDE = 2048  # of images that keep their size where it is not given; a page of text is larger
MEASURED_FIRST = 64  # images that are measured before all of them are
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
    faults = _Faults()
    headers = _probe(listing.entries, faults, on_progress)
    refuse_too_many(listing, faults.rejected, reading)
    if not headers:
        raise DataError(f"{listing.name}: no image could be read: {rejected_of(faults.rejected)}.")
    shape, notes = _shape(list(headers.values()), reading)
    ignored = cannot_hold(reading.value_range, min(header.most for header in headers.values()))
    reading, said = resolved(_extent(listing.entries, headers, reading, on_progress), reading)
    notes += ignored or said
    notes += _misnamed(listing.entries, headers)
    keys = {number: _split_key(listing.entries[number], header) for number, header in headers.items()}
    splits, split_notes = _splits(listing, keys, reading)
    order = _in_order(splits)
    entries = [listing.entries[number] for number in order]
    kept = _decode(folder / PIXELS, entries, shape, reading, faults, on_progress)
    refuse_too_many(listing, faults.rejected, reading)
    rows = [number for number, good in zip(order, kept, strict=True) if good]
    if not rows:
        raise DataError(f"{listing.name}: no image could be read: {rejected_of(faults.rejected)}.")
    sizes = {number: (header.height, header.width) for number, header in headers.items()}
    index = {
        "class_names": listing.class_names,
        "shape": shape,
        "value_range": reading.value_range,
        "notes": [*notes, *faults.notes()],
        "rejected": [[fault.source, fault.reason] for fault in faults.rejected],
        "undecoded": [[number, keys[number]] for number, good in zip(order, kept, strict=True) if not good],
        "split_notes": split_notes,
        "splits": describe(folder / PIXELS, rows, listing, splits, keys, sizes, shape),
    }
    write_index(folder, index)


class _Faults:
    """What was found wrong with files while they were read."""

    def __init__(self) -> None:
        self.rejected: list[Rejected] = []
        self.doubtful: dict[str, dict[str, None]] = {}

    def take(self, entry: Entry, done: Done[Any]) -> Any:
        """What came of a file; None where it was rejected."""
        if done.remarks:
            self.doubtful.setdefault(entry.source, {}).update(dict.fromkeys(done.remarks))
        if not isinstance(done.result, ValueError):
            return done.result
        self.rejected.append(Rejected(entry.source, str(done.result)))
        return None

    def notes(self) -> list[str]:
        """Say what was remarked of files that are used."""
        unused = {fault.source for fault in self.rejected}
        used = [Rejected(source, ", ".join(texts)) for source, texts in self.doubtful.items() if source not in unused]
        are = "file is" if len(used) == 1 else "files are"
        return [f"{len(used):,} {are} used, though there are doubts: {rejected_of(used)}"] if used else []


def rearrange(decoded: Path, folder: Path, listing: Listing, reading: ReadSpec) -> None:
    """Write images that were decoded before to another folder, in the splits that are asked for now.

    Args:
        decoded: A folder that `ingest` wrote from the same listing and the same settings of pixels.
        folder: An empty folder.
        listing: The files.
        reading: How the images are to be split.

    Raises:
        DataError: A class has too few images for the splits.
        OSError, ValueError, KeyError, TypeError: A folder cannot be read or written, or is damaged.
    """
    index = read_index(decoded)
    del index["sha256"]
    keys, places, sizes, hashes = dict(index["undecoded"]), {}, {}, {}
    for split in index["splits"].values():
        keys |= zip(split["entries"], split["keys"], strict=True)
        places |= {number: split["start"] + row for row, number in enumerate(split["entries"])}
        sizes |= zip(split["entries"], split["sizes"], strict=True)
        hashes |= zip(split["entries"], split["hashes"], strict=True)
    shape = tuple(index["shape"])
    splits, index["split_notes"] = _splits(listing, {number: keys[number] for number in sorted(keys)}, reading)
    rows = [number for number in _in_order(splits) if number in places]
    size = int(np.prod(shape))
    with (decoded / PIXELS).open("rb") as source, (folder / PIXELS).open("wb") as target:
        for number in rows:
            source.seek(places[number] * size)
            pixels = source.read(size)
            if hash_of(pixels) != hashes[number]:
                raise ValueError(f"image {places[number]} in {decoded} is not as it was decoded")
            target.write(pixels)
        target.flush()
        os.fsync(target.fileno())
    index["splits"] = describe(folder / PIXELS, rows, listing, splits, keys, sizes, shape)
    write_index(folder, index)


def _probe(entries: Sequence[Entry], faults: _Faults, on_progress: OnProgress) -> dict[int, Header]:
    """The header of each image that can be read, under the number of its entry."""
    told = partial(on_progress, "looking at files", len(entries))
    results = over_files(probe, [entry.content for entry in entries], told)
    found = (faults.take(entry, done) for entry, done in zip(entries, results, strict=True))
    return {number: header for number, header in enumerate(found) if header is not None}


def _extent(
    entries: Sequence[Entry], headers: Mapping[int, Header], reading: ReadSpec, on_progress: OnProgress
) -> Extent:
    """The values of the training images; of some of them, where the others can change nothing.

    Training images are here all that the data do not call otherwise. So the values do not depend on what is held out
    of them, and neither do the pixels.
    """
    own = [number for number, header in headers.items() if entries[number].split in {None, "train"}]
    if not isinstance(reading.value_range, tuple):
        own = [number for number in own if math.isfinite(headers[number].most)]
    own = sorted(own, key=lambda number: headers[number].key)
    contents = [entries[number].content for number in own]
    extent = Extent.of_nothing(max((headers[number].most for number in own), default=WHITE))
    for content in contents[:MEASURED_FIRST]:
        extent = _joined(extent, over_file(measure, content))
        if enough(extent, reading):
            return extent
    rest = contents[MEASURED_FIRST:]
    for done in over_files(measure, rest, partial(on_progress, "measuring values", len(rest))):
        extent = _joined(extent, done)
    return extent


def _joined(extent: Extent, done: Done[Extent]) -> Extent:
    return extent if isinstance(done.result, ValueError) else extent.joined(done.result)


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
    channels = reading.channels or max(header.channels for header in headers)
    sizes = {(header.height, header.width) for header in headers}
    smallest, largest = min(sizes), max(sizes)
    if reading.image_size is not None:
        return (*reading.image_size, channels), []
    if len(sizes) == 1 and max(largest) <= LARGEST_SIDE:
        return (*largest, channels), []
    found = f"differ in size, from {smallest[0]}x{smallest[1]} to" if len(sizes) > 1 else "are all of"
    done = f"all are brought to {DEFAULT_SIZE[0]}x{DEFAULT_SIZE[1]} ({reading.fit})"
    note = f"the images {found} {largest[0]}x{largest[1]}; {done}. --image-size and --fit change that."
    return (*DEFAULT_SIZE, channels), [note]


def _misnamed(entries: Sequence[Entry], headers: Mapping[int, Header]) -> list[str]:
    """Say which files are of another format than their names tell; they are used all the same."""
    wrong = []
    for number, header in headers.items():
        content = entries[number].content
        if content.raw is None and is_misnamed(content.member or content.path, header.format):
            wrong.append(f"{entries[number].source} is {header.format}")
    if not wrong:
        return []
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return [f"some files are of another format than their names say: {', '.join(wrong[:3])}{more}. They are used."]


def _split_key(entry: Entry, header: Header) -> int:
    return header.key if entry.group is None else hash_of(entry.group.encode())


def _splits(listing: Listing, keys: Mapping[int, int], reading: ReadSpec) -> tuple[dict[int, str], list[str]]:
    """The split of each image, by the number of its entry; a test split is held out where the data have none.

    Args:
        listing: The files.
        keys: The split key of each image that can be read, in the order of the listing.
        reading: The share to hold out.
    """
    splits = {number: listing.entries[number].split or "train" for number in keys}
    if listing.has_test or reading.test_split is None:
        return splits, []
    names = listing.class_names
    number_of = {name: label for label, name in enumerate(names)}
    rows = [number for number, split in splits.items() if split == "train"]
    labels = np.array([number_of[listing.entries[row].label] for row in rows], np.int64)
    own = np.array([keys[row] for row in rows], np.uint64)
    least_kept = 1 if "validation" in splits.values() else 2
    _, held_out = part(own, labels, names, reading.test_split, derive_seed(0, "test split"), least_kept)
    splits |= {rows[place]: "test" for place in held_out}
    return splits, [no_test_note(reading.test_split), *absent_note("test", labels, held_out, names)]


def _in_order(splits: Mapping[int, str]) -> list[int]:
    """The images split by split."""
    return sorted(splits, key=lambda number: SPLITS.index(splits[number]))


def no_test_note(share: float) -> str:
    """What is said of a test split that was held out."""
    done = f"there is no test split; {share:.0%} of the images are held out as one, always the same"
    return f"{done}. --test-split and --no-test change that."


def _decode(
    path: Path,
    entries: Sequence[Entry],
    shape: tuple[int, int, int],
    reading: ReadSpec,
    faults: _Faults,
    on_progress: OnProgress,
) -> list[bool]:
    """Write the pixels one image after another; False stands for those that could not be decoded."""
    kept = []
    told = partial(on_progress, "decoding images", len(entries))
    work = partial(decode, input_shape=shape, reading=reading)
    with path.open("wb") as file:
        results = over_files(work, [entry.content for entry in entries], told)
        for entry, done in zip(entries, results, strict=True):
            pixels = faults.take(entry, done)
            kept.append(pixels is not None)
            if pixels is not None:
                file.write(pixels.tobytes())
        file.flush()
        os.fsync(file.fileno())
    return kept
