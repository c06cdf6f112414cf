"""The formats of image files that are read, and no others: none runs another program, as EPS does."""

from __future__ import annotations

import os

# Names of Pillow's decoders, and what files of each are called.
FORMATS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "DIB": (),  # a BMP without its file header
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "ICO": (".ico",),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    "QOI": (".qoi",),
}
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# Under a name of its own in Pillow, though files are called alike: what many telephones write as .jpg.
VARIANTS = {"MPO": "JPEG", "DIB": "BMP"}
BY_SUFFIX = {suffix: name for name, suffixes in FORMATS.items() for suffix in suffixes}


def suffix_of(name: str) -> str:
    """What a file's name ends in, in lower case: ``.png``."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - a Path takes ten times as long, and there may be millions


def is_image(name: str) -> bool:
    """Whether a file is an image by its name."""
    return suffix_of(name) in BY_SUFFIX


def is_misnamed(name: str, found: str) -> bool:
    """Whether a file's name tells another format than the one that its bytes are of."""
    told = BY_SUFFIX.get(suffix_of(name))
    return told is not None and told != VARIANTS.get(found, found)
