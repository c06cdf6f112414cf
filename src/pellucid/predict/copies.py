"""Copies of answered images, sorted into a folder for each class. The images themselves are left as they are."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pellucid.data.to_answer import ToAnswer
from pellucid.errors import RunError
from pellucid.names import plain_name, user_path
from pellucid.predict.prediction import Prediction

UNKNOWN = "unknown"  # of images that no answer is given for
READ = 1 << 20


class SortedCopies:
    """Folders of classes below one folder, into which images are copied; nothing there is ever written over.

    Attributes:
        folder: Where they are.
        count: How many images were copied.
    """

    def __init__(self, folder: Path, class_names: Sequence[str]) -> None:
        self.folder = user_path(folder)
        self.count = 0
        names = _unlike([plain_name(name, keep=" .") for name in (UNKNOWN, *class_names)])
        self._unknown, own = names[0], names[1:]
        self._folders = dict(zip(class_names, own, strict=True))

    def require_apart(self, places: Iterable[Path]) -> None:
        """See that copies will not lie among what is still to be answered.

        Raises:
            RunError: They would.
        """
        real = Path(os.path.realpath(self.folder))
        for place in places:
            if place.is_dir() and real.is_relative_to(os.path.realpath(place)):
                raise RunError(f"Copies must lie outside of what is answered; {self.folder} is in {place}. Move it.")

    def add(self, image: ToAnswer, answer: Prediction) -> Path:
        """Copy an image into the folder of its answer; where its name is taken there, under the next that is free.

        An image that lies there already, byte by byte, is not copied again, nor is one that comes from there.

        Returns:
            Where it is.

        Raises:
            RunError: It cannot be read any more, or cannot be written.
        """
        if (own := _own_file(image)) and Path(os.path.realpath(own)).is_relative_to(os.path.realpath(self.folder)):
            return Path(own)
        name = self._unknown if answer.unknown else self._folders[answer.label]
        try:
            raw, named = _bytes_of(image)
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            place, number = self.folder / name / named, 1
            while not _write(place, raw):
                number += 1
                place = self.folder / name / f"{Path(named).stem}-{number}{Path(named).suffix}"
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunError(f"{image.name} cannot be copied to {self.folder / name} ({reason}).") from None
        self.count += 1
        return place


def _write(place: Path, raw: bytes) -> bool:
    """Whether a file has these bytes now: it is made, or has them already; links are neither followed nor replaced."""
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except FileExistsError:
        is_file = place.is_file() and not place.is_symlink()
        return is_file and place.stat().st_size == len(raw) and place.read_bytes() == raw
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
    return True


def _own_file(image: ToAnswer) -> str | None:
    """The path of an image that is a file by itself."""
    content = image.content
    return content.path if content and content.member is None and content.raw is None else None


def _bytes_of(image: ToAnswer) -> tuple[bytes, str]:
    """The file of an image and what its copy is called; what has no file is written as PNG, as the network took it."""
    if image.content is not None:
        name = Path(image.content.member or image.content.path).name if not image.content.is_cell else image.name
        return image.content.read(), plain_name(name, keep=" .")
    from PIL import Image

    assert image.pixels is not None  # noqa: S101 - it was answered
    pixels, buffer = image.pixels, io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue(), f"{plain_name(Path(image.place).stem, keep=' .')}-{image.number}.png"


def _unlike(names: Sequence[str]) -> list[str]:
    """Names that differ, on disks that know no case too: those that are taken get a number."""
    taken: set[str] = set()
    found = []
    for name in names:
        chosen, number = name, 1
        while chosen.casefold() in taken:
            number += 1
            chosen = f"{name}-{number}"
        taken.add(chosen.casefold())
        found.append(chosen)
    return found
