"""An audit as one HTML file with pictures; it needs no other file and no network.

A script in it sorts, filters and lists what is ticked. Without scripts the page shows the same.
"""

from __future__ import annotations

import base64
import io
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8
from jinja2 import Environment, StrictUndefined
from numpy import ndarray
from PIL import Image

from pellucid.audit.findings import Audit, Duplicates
from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.names import plain_name
from pellucid.run.files import write_file
from pellucid.text import printable
from pellucid.words import counted

GROUPS_SHOWN = 60
MEMBERS_SHOWN = 8
IMAGES_SHOWN = 60  # of each kind but groups
FILES_SHOWN = 500
CLASSES_PICTURED = 100
SAMPLES = 8
LARGEST_SIDE = 112  # pixels of a picture; smaller images are magnified by whole numbers

Pixels = UInt8[ndarray, "height width channels"]


class Picture(NamedTuple):
    """A picture in the page.

    Attributes:
        address: The PNG file itself, as a data address.
        width: Width on the page, in pixels.
        height: Height on the page, in pixels.
    """

    address: str
    width: int
    height: int


def write_page(path: Path, audit: Audit, splits: DataSplits) -> None:
    """Write the page of an audit.

    Args:
        path: The HTML file; its folder is made when it is missing.
        audit: What was found.
        splits: The data that were examined.

    Raises:
        RunError: The file cannot be written.
    """
    write_file(path, page(audit, splits), make_folder=True)


def page(audit: Audit, splits: DataSplits) -> str:
    """The HTML of an audit. What is too long to be shown is counted.

    Args:
        audit: What was found.
        splits: The data that were examined.
    """
    datasets = Pool.of(splits).datasets
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_plain
    )
    environment.filters["counted"] = counted
    template, script = (
        (files("pellucid.audit") / name).read_text(encoding="utf-8") for name in ("page.html.jinja", "page.js")
    )
    kinds = _kinds(audit)
    list_name = f"drop-{plain_name(audit.data, most=60)}.csv"
    odd = [(each.kind, f"Images {each.words}") for each in audit.odd]
    return environment.from_string(template).render(
        audit=audit,
        largest=max(counted.total for counted in audit.classes),
        samples=_samples(splits.train),
        kinds=kinds,
        sections=[
            ("classes", "Classes"),
            *((anchor, heading) for anchor, heading, _, _ in kinds),
            ("small", "Classes too small"),
            ("constant", "Constant images"),
            *odd,
            ("files", "Files not used"),
        ],
        list_name=list_name,
        clean_command=f"pellucid data clean {shlex.quote(audit.location)} --drop {list_name} --out FOLDER",
        script=script,
        picture=lambda member: picture(datasets[member.split].images[member.index]),
        groups_shown=GROUPS_SHOWN,
        members_shown=MEMBERS_SHOWN,
        images_shown=IMAGES_SHOWN,
        files_shown=FILES_SHOWN,
    )


def picture(pixels: Pixels) -> Picture:
    """An image of any number of channels as a PNG picture; of other than 1, 3 or 4 channels, their mean."""
    if pixels.shape[2] not in {1, 3, 4}:
        pixels = np.rint(pixels.mean(axis=2, keepdims=True)).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    times = max(1, LARGEST_SIDE // max(image.size))
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    address = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Picture(address, image.width * times, image.height * times)


def _samples(dataset: ImageDataset) -> dict[str, list[Picture]]:
    """A few images of each of the first classes, evenly spaced over it."""
    order = np.argsort(dataset.labels, kind="stable")
    sizes = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    ends = np.cumsum(sizes)
    return {
        name: [
            picture(dataset.images[order[end - size + i * size // min(size, SAMPLES)]])
            for i in range(min(size, SAMPLES))
        ]
        for name, size, end in zip(dataset.class_names[:CLASSES_PICTURED], sizes.tolist(), ends.tolist(), strict=False)
    }


def _plain(value: Any) -> Any:
    """A text without what would turn the page's direction of writing; what is marked up already stays as it is."""
    return printable(value, keep="\n") if type(value) is str else value


def _kinds(audit: Audit) -> tuple[tuple[str, str, str, Duplicates], ...]:
    """Anchor, heading, explanation and groups of each kind of duplicates."""
    exact = "Images whose pixels are all equal."
    near = (
        "Images that look alike: saved again, scaled, dimmed or grey copies, frames of one film, or by chance. "
        "Judge by eye."
    )
    turned = "Images that look alike once they are mirrored, upside down or turned by quarters. Judge by eye."
    cropped = "Images of which one looks like a part of another, half of its height and width or more. Judge by eye."
    return (
        ("exact", "Exact duplicates", exact, audit.exact),
        ("near", "Near duplicates", near, audit.near),
        ("turned", "Mirrored or turned copies", turned, audit.turned),
        *([("cropped", "Crops", cropped, audit.cropped)] if audit.cropped else []),
    )
