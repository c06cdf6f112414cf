"""Decoded images on disk: one file of uint8 that is mapped into memory, made once for each content and settings."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from platformdirs import user_cache_path

from pellucid.data.archives import CONTENTS, changes_in
from pellucid.data.dataset import DataSplits, ImageDataset, hash_of
from pellucid.data.index import ALWAYS, INDEX, KEYS, PIXELS, map_pixels, read_index, require_unchanged
from pellucid.data.ingest import OnProgress, ingest, rearrange, refuse_too_many
from pellucid.data.listing import Entry, Listing
from pellucid.data.rejected import Rejected
from pellucid.data.scratch import LOCK, put, scratch_beside, unused
from pellucid.errors import DataError
from pellucid.names import plain_name, user_path
from pellucid.spec.reading import ReadSpec
from pellucid.untrusted import read_json

FORMAT = 4
IN_USE = "another process writes to it"
TRIES = 3  # where somebody else removes what was just decoded
# What folders in the cache are called, and those that are still being written or removed.
NAMED = re.compile(r"[^.].*-[0-9a-f]{20}")
SCRATCH = re.compile(r"\..+-[0-9a-f]{20}\.[a-z0-9_]{8}")
# What the pixels depend on beside the files, and what they are where nothing is said.
FOUND = {"image_size": None, "channels": None, "value_range": "auto"}
PIXEL_SETTINGS = {*FOUND, "fit", "background"}
# What is raised where the cache lacks an entry, or it is damaged.
UNUSABLE = (OSError, ValueError, KeyError, TypeError, DataError)
DAMAGED = "the decoded images in the cache were not as they were written; they were decoded again"


def cache_folder() -> Path:
    """Where decoded images are kept: the variable PELLUCID_CACHE, or the system's place for caches."""
    return user_path(os.environ.get("PELLUCID_CACHE") or _usual_cache()) / "images"


def _usual_cache() -> Path:
    """The system's place for caches.

    Raises:
        DataError: The user has no home folder.
    """
    try:
        usual = user_cache_path("pellucid")
        if usual.is_absolute():  # else it begins with ~, which has no meaning
            return usual
    except RuntimeError:
        pass
    raise DataError("There is no home folder to keep decoded images in. Set PELLUCID_CACHE to a folder.")


def unpacked_folder() -> Path:
    """Where archives lie that cannot be read from within."""
    return cache_folder().parent / "unpacked"


def read_listing(listing: Listing, reading: ReadSpec, location: str, on_progress: OnProgress) -> DataSplits:
    """The images of a listing, decoded now or taken from the cache.

    Args:
        listing: The files.
        reading: How to read them.
        location: What the user called the data.
        on_progress: Told what is being done, how many more files are done, and of how many.

    Raises:
        DataError: There are fewer than two classes, too many files are unreadable, or the cache cannot be written.
    """
    _ = listing.class_names  # fails on what cannot be classes
    files = _files(listing)
    folder = _folder(listing, files, reading)
    write = partial(_write, listing=listing, files=files, reading=reading, on_progress=on_progress)
    tried, damaged = 0, False
    while True:
        was_there = folder.exists()
        try:
            splits = _as_they_came(listing, files, location, reading) or _open(folder, listing, location, reading)
            break
        except UNUSABLE as error:  # or not there: it is made anew
            if tried and isinstance(error, DataError):
                raise
            damaged = damaged or (was_there and not isinstance(error, FileNotFoundError))
        if tried == TRIES:
            raise DataError(f"The cache {folder} is removed again and again by another process. Wait for it.")
        tried += 1
        try:
            if was_there:  # else another process may have made it by now
                _empty(folder)
            _make(folder, write)
        except FileNotFoundError:  # the cache is cleaned just now
            continue
        except OSError as error:
            remedy = "Free some space, or set PELLUCID_CACHE to another folder."
            raise DataError(f"The cache {folder} cannot be written ({error.strerror or error}). {remedy}") from None
    if damaged:
        splits.notes = (*splits.notes, DAMAGED)
    refuse_too_many(listing, splits.rejected[len(listing.rejected) :], reading)
    return splits


def _as_they_came(listing: Listing, files: str, location: str, reading: ReadSpec) -> DataSplits | None:
    """Images that were decoded when neither size nor the like were given, and came to what is asked for now.

    So a run finds those that it was trained on, whose shape it knows.
    """
    free = reading.replace(**FOUND)
    try:
        splits = _open(_folder(listing, files, free), listing, location, free)
    except UNUSABLE:
        return None
    return splits if _is_as_asked(splits, reading) else None


def _is_as_asked(splits: DataSplits, reading: ReadSpec) -> bool:
    asked = {name: value for name in FOUND if (value := getattr(reading, name)) != FOUND[name]}
    return all(getattr(splits.reading, name) == value for name, value in asked.items())


def _make(folder: Path, write: Callable[[Path], None]) -> None:
    """Work beside the place, then rename: nobody sees half of it, and of two processes the faster one wins."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_beside(folder) as scratch:
            write(scratch)
            _put(scratch, folder)
    except OSError:
        if not (folder / INDEX).exists():
            raise


def _write(folder: Path, listing: Listing, files: str, reading: ReadSpec, on_progress: OnProgress) -> None:
    """Decode the images; or copy those that were decoded for other splits, which takes a fraction of the time."""
    for settings in (reading.replace(**FOUND), reading):
        for index in sorted(cache_folder().glob(f"{_common_name(listing, files, settings)}*/{INDEX}")):
            with contextlib.suppress(*UNUSABLE):
                if _is_as_asked(_open(index.parent, listing, "", settings), reading):
                    rearrange(index.parent, folder, listing, reading)
                    return
    ingest(folder, listing, reading, on_progress)


def _put(scratch: Path, folder: Path) -> None:
    """Rename a folder to its place; or put its files beside what somebody else keeps there."""
    try:
        put(scratch, folder)
    except OSError:
        if not folder.is_dir() or (folder / INDEX).exists():
            raise
        for name in (PIXELS, INDEX):
            (scratch / name).replace(folder / name)


def _folder(listing: Listing, files: str, reading: ReadSpec) -> Path:
    """Where the images lie; what is held out of them is a part of the name."""
    held_out = repr(None if listing.has_test else reading.test_split)
    name = _common_name(listing, files, reading)
    return cache_folder() / f"{name}{hashlib.sha256(held_out.encode()).hexdigest()[:6]}"


def _common_name(listing: Listing, files: str, reading: ReadSpec) -> str:
    """What the names of all folders with the same pixels begin with."""
    settings = f"{FORMAT}/{PIL.__version__}/{reading.model_dump_json(include=PIXEL_SETTINGS)}/{files}"
    digest = hashlib.sha256(settings.encode()).hexdigest()[:14]
    return f"{plain_name(listing.name, keep='.', most=60)}-{digest}"


def _files(listing: Listing) -> str:
    """The files as the system knows them."""
    digest = hashlib.sha256()
    for entry in listing.entries:
        digest.update(repr((entry.source, entry.label, entry.split, entry.group, _state(entry))).encode())
    return digest.hexdigest()


def _state(entry: Entry) -> tuple[int, ...]:
    if entry.content.raw is not None:
        return (hash_of(entry.content.raw),)
    try:
        state = os.stat(entry.content.path)  # noqa: PTH116 - a Path for each of a million files takes longer
    except (OSError, ValueError):
        return ()
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _open(folder: Path, listing: Listing, location: str, reading: ReadSpec) -> DataSplits:
    index = read_index(folder)
    images, shape = map_pixels(folder, index), tuple(index["shape"])
    require_unchanged(images, index)
    sets = {name: _dataset(images, index, split) for name, split in index["splits"].items()}
    if "train" not in sets:
        raise DataError(f"{listing.name}: there are no images to train on.")
    resolved = reading.replace(image_size=shape[:2], channels=shape[2], value_range=index["value_range"])
    rejected = [*listing.rejected, *(Rejected(*fault) for fault in index["rejected"])]
    return DataSplits(
        listing.name,
        sets["train"],
        sets.get("test"),
        sets.get("validation"),
        rejected,
        location=location,
        reading=resolved,
        notes=[*listing.notes, *index["notes"], *index["split_notes"]],
    )


def _dataset(images: np.ndarray, index: dict[str, Any], split: dict[str, Any]) -> ImageDataset:
    groups = split["groups"] and tuple(str(group) for group in split["groups"])
    dataset = ImageDataset(
        images[split["start"] : split["start"] + split["count"]],
        np.array(split["labels"], np.int64),
        tuple(index["class_names"]),
        tuple(split["sources"]),
        groups,
        np.array(split["sizes"], np.int64),
    )
    # What was computed when the images were decoded need not be computed again.
    vars(dataset).update(
        fingerprint=split["fingerprint"],
        mean_brightness=split["mean_brightness"],
        split_keys=np.array(split["keys"], np.uint64),
        image_hashes=np.array(split["hashes"], np.uint64),
    )
    return dataset


def list_cache() -> list[tuple[Path, int]]:
    """The cached data sets and unpacked archives, and the bytes that each takes, largest first."""
    kept = [index.parent for index in cache_folder().glob(f"[!.]*/{INDEX}") if NAMED.fullmatch(index.parent.name)]
    kept += [contents.parent for contents in unpacked_folder().glob(f"[!.]*/{CONTENTS}")]
    return sorted(((folder, _size(folder)) for folder in kept), key=lambda entry: -entry[1])


def verify_cache(on_progress: OnProgress) -> list[tuple[Path, str]]:
    """Look at all cached images, and remove those data sets that are damaged: they are decoded again when needed.

    Of unpacked archives the sizes and times of the files are looked at.

    Args:
        on_progress: Told what is being done, of how many images, and how many more were looked at.

    Returns:
        Each cached data set and unpacked archive, with what is wrong with it; an empty text where nothing is.
    """
    found = []
    for folder, _ in list_cache():
        if folder.parent == unpacked_folder():
            found.append((folder, changes_in(folder)))
            continue
        try:
            index = read_index(folder)
            images = map_pixels(folder, index)
            told = partial(on_progress, f"looking at {folder.name}", len(images))
            require_unchanged(images, index, all_rows=True, on_progress=told)
            found.append((folder, ""))
        except UNUSABLE as error:
            found.append((folder, f"{error}; it was removed, and is decoded again when it is needed"))
            with contextlib.suppress(OSError):
                _empty(folder)
    return found


@dataclass(frozen=True)
class Cleaned:
    """What came of cleaning the cache.

    Attributes:
        freed_bytes: Of the files that were removed.
        left: What was not removed, each with the reason.
    """

    freed_bytes: int
    left: tuple[tuple[Path, str], ...]


def clean_cache() -> Cleaned:
    """Remove the cached data sets and unpacked archives; they are made anew when they are needed.

    What Pellucid did not write, or what was changed since, stays where it is.
    """
    freed, left = 0, []
    for parent, remove in ((cache_folder(), _remove_images), (unpacked_folder(), _remove_unpacked)):
        for folder in sorted(parent.glob("*")):
            before = _size(folder)
            try:
                reason = "it is a link or a file" if folder.is_symlink() or not folder.is_dir() else remove(folder)
            except OSError as error:
                reason = f"it cannot be removed ({error.strerror or error})"
            freed += before - _size(folder)
            if reason:
                left.append((folder, reason))
    return Cleaned(freed, tuple(left))


def _remove_images(folder: Path) -> str:
    """Remove what `ingest` wrote to a folder; the reason where any of it remains."""
    if SCRATCH.fullmatch(folder.name):
        with unused(folder) as free:
            if not free:
                return IN_USE
            _empty(folder)
    elif NAMED.fullmatch(folder.name) and _has_index(folder):
        _empty(folder)
    else:
        return f"it has no {INDEX} of Pellucid's"
    others = [place.name for place in sorted(folder.glob("*"))]
    return f"{', '.join(others)} in it is not Pellucid's" if others else ""


def _remove_unpacked(folder: Path) -> str:
    """Remove a folder that `unpack` made if it is as it was then; the reason where it is not."""
    if SCRATCH.fullmatch(folder.name):
        with unused(folder) as free:
            if free:
                shutil.rmtree(folder)
            return "" if free else IN_USE
    if reason := changes_in(folder):
        return reason
    with scratch_beside(folder) as scratch:
        folder.rename(scratch / folder.name)  # all at once: nobody is to find half of it
    return ""


def _has_index(folder: Path) -> bool:
    try:
        index = read_json(folder / INDEX)
    except (OSError, ValueError):
        return False
    return isinstance(index, dict) and ALWAYS <= index.keys() <= KEYS


def _empty(folder: Path) -> None:
    """Remove the pixels and the index, in this order, and the folder if nothing else is in it."""
    for name in (PIXELS, INDEX, LOCK):
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _size(folder: Path) -> int:
    """The bytes of the files in a folder, which other processes may remove meanwhile."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                state = Path(place, name).lstat()
                size += state.st_size if stat.S_ISREG(state.st_mode) else 0
    return size
