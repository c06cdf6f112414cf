"""Folders and archives: a subfolder a class, or splits above the classes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pellucid.data.archives import members_of
from pellucid.data.dataset import Rejected
from pellucid.data.listing import SPLIT_NAMES, Content, Entry, Listing
from pellucid.errors import DataError

OWN = {"run.json", "study.json"}  # what a folder of Pellucid's own holds
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".webp", ".tif", ".tiff"}


def list_folder(folder: Path) -> Listing:
    """List the images below a folder.

    Below the folder, or below ``train``, ``validation`` (``val``) and ``test`` in it, each subfolder is a class; what
    lies deeper belongs to it. Hidden files and Pellucid's own runs and studies are passed over. A folder that holds one
    folder alone stands for that one.

    Raises:
        DataError: The folder cannot be read.
    """
    files: list[tuple[str, Content]] = []
    rejected: list[Rejected] = []
    seen: set[str] = set()

    def on_error(error: OSError) -> None:
        rejected.append(Rejected(str(error.filename), f"the folder cannot be read ({error.strerror})"))

    for place, folders, names in os.walk(folder, followlinks=True, onerror=on_error):
        real = os.path.realpath(place)
        if real in seen:
            rejected.append(Rejected(place, "a symbolic link leads to a folder that was read already"))
            folders.clear()
            continue
        seen.add(real)
        if OWN & set(names):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            files.append((path.relative_to(folder).as_posix(), Content(str(path))))
    return _arrange(folder.resolve().name, str(folder), files, rejected)


def list_archive(archive: Path) -> Listing:
    """List the images of a zip or tar archive, as if it were a folder.

    Raises:
        DataError: The archive is damaged or not to be trusted.
    """
    files, rejected = members_of(archive)
    name = archive.name.split(".")[0]
    return _arrange(name, str(archive), sorted(files, key=lambda file: file[0]), rejected)


def _arrange(name: str, where: str, files: Iterable[tuple[str, Content]], rejected: list[Rejected]) -> Listing:
    """Give each file its class and split by the folders that it lies in."""
    named = [(PurePosixPath(path), content) for path, content in files]
    named = [(path, content) for path, content in named if not is_hidden(path)]
    top = _single_folder([path for path, _ in named if _is_image(path)])
    has_splits = _has_splits(where, top, [path for path, _ in named if _is_image(path)])
    entries = []
    for path, content in named:
        source = f"{where}/{path}" if content.member is None else f"{where}/{content.member}"
        inner = list(path.relative_to(top).parts) if path.is_relative_to(top) else []
        folders = inner[1:-1] if has_splits else inner[:-1]
        if not _is_utf8(source):
            printable = source.encode(errors="backslashreplace").decode()
            rejected.append(Rejected(printable, "its name is not UTF-8"))
        elif not _is_image(path):
            rejected.append(Rejected(source, f"not an image by its name ({path.suffix or 'no suffix'})"))
        elif not folders:
            rejected.append(Rejected(source, "no label: it lies in no class's folder"))
        else:
            split = SPLIT_NAMES[inner[0].lower()] if has_splits else None
            entries.append(Entry(source, content, folders[0], split))
    if not entries and not rejected:
        raise DataError(f"{where}: no images were found. Put each class's images in a folder of its own.")
    return Listing(name, tuple(entries), tuple(rejected))


def _single_folder(images: list[PurePosixPath]) -> PurePosixPath:
    """The folder in which all images' class folders lie, as archives have one around all the rest."""
    top = PurePosixPath()
    while images:
        inner = [path.relative_to(top).parts for path in images]
        if len({parts[0] for parts in inner}) > 1 or not any(len(parts) > 2 for parts in inner):
            break
        top /= inner[0][0]
    return top


def _has_splits(where: str, top: PurePosixPath, images: list[PurePosixPath]) -> bool:
    """Whether the folders are splits with classes below them.

    Raises:
        DataError: Some are, and others are not.
    """
    inner = [path.relative_to(top).parts for path in images]
    tops = {parts[0] for parts in inner if len(parts) > 1}
    splits = {name for name in tops if name.lower() in SPLIT_NAMES}
    below = any(parts[0] in splits and len(parts) > 2 for parts in inner)
    if below and splits != tops and any(SPLIT_NAMES[name.lower()] == "train" for name in splits):
        others = ", ".join(sorted(tops - splits))
        raise DataError(
            f"{where}: beside {', '.join(sorted(splits))} only splits may stand; received {others}. Move them."
        )
    return bool(tops) and splits == tops


def is_hidden(path: PurePosixPath) -> bool:
    """Whether a file is one that systems put beside the user's own."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _is_image(path: PurePosixPath) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
