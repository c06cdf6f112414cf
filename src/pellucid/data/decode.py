"""Encoded images become pixels of one shape."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError

from pellucid.data.formats import FORMATS
from pellucid.data.listing import Content
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec

MODES = {1: "L", 3: "RGB"}
ORIENTATION, BITS_PER_SAMPLE = 0x0112, 258  # tags of EXIF and TIFF
SUSPICIOUS_BYTES, SUSPICIOUS_RATIO = 8 << 20, 200
GREY_MODES = {"1", "L", "LA", "I;16", "I;16B", "I;16L", "I;16N"}


@dataclass(frozen=True)
class Header:
    """What is known of an image before its pixels are decoded.

    Attributes:
        height: Height in pixels, once the image is upright.
        width: Width in pixels, once the image is upright.
        channels: 1 for grey, 3 for colour.
        key: A number that follows from the file's bytes alone.
        format: What the bytes are, such as PNG, whatever the name says.
    """

    height: int
    width: int
    channels: int
    key: int
    format: str


def read_image(
    path: Path, input_shape: tuple[int, int, int], reading: ReadSpec | None = None, *, invert: bool = False
) -> UInt8[ndarray, "height width channels"]:
    """Read one image file: turned upright, on the background where it is transparent, grey or colour, resized.

    Args:
        path: PNG, JPEG or another format that Pillow reads; of an animation, the first frame.
        input_shape: (height, width, channels) to bring it to.
        reading: How to bring the image to that shape; stretched, on black, unless given.
        invert: Exchange dark and bright, for dark ink on bright paper.

    Raises:
        DataError: The file cannot be read, or is so large that it looks like a decompression bomb.
    """
    if input_shape[2] not in MODES:
        raise DataError(f"Image files give 1 or 3 channels; the network takes {input_shape[2]}.")
    try:
        pixels = decode(Content(str(path)), input_shape, reading or ReadSpec())
    except ValueError as error:
        raise DataError(f"{path}: {error}.") from None
    return 255 - pixels if invert else pixels


def probe(content: Content) -> Header:
    """Read an image's header, and hash its bytes.

    Raises:
        ValueError: It cannot be read; the text says why.
    """
    with _opened(content) as (image, raw):
        height, width = image.height, image.width
        # An image that lies on its side; of a TIFF, Pillow gives the size once it is upright.
        if image.format != "TIFF" and image.getexif().get(ORIENTATION, 1) in {5, 6, 7, 8}:
            height, width = width, height
        palette = image.getpalette("RGB") if image.mode == "P" else None
        is_grey = image.mode in GREY_MODES or (palette is not None and palette[::3] == palette[1::3] == palette[2::3])
        key = int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "little")
        return Header(height, width, 1 if is_grey else 3, key, image.format or "")


def decode(
    content: Content, input_shape: tuple[int, int, int], reading: ReadSpec
) -> UInt8[ndarray, "height width channels"]:
    """Decode an image and bring it to a shape.

    Raises:
        ValueError: It cannot be read; the text says why.
    """
    height, width, channels = input_shape
    with _opened(content) as (opened, _):
        bits = getattr(opened, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))[0]  # of deep grey; a TIFF may have 12
        image = _eight_bits(ImageOps.exif_transpose(opened), bits, reading.background).convert(MODES[channels])
        if image.size != (width, height):
            image = _fit(image, (width, height), reading)
    return np.asarray(image).reshape(input_shape).copy()


@contextmanager
def _opened(content: Content) -> Iterator[tuple[Image.Image, bytes]]:
    """The image and its bytes; whatever a decoder raises becomes a ValueError that says what is wrong."""
    raw = b""
    try:
        raw = content.read()
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=tuple(FORMATS)) as image:
                _refuse_bomb(image, len(raw))
                yield image, raw
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ValueError(f"the image is too large ({error})") from None
    except UnidentifiedImageError:
        raise ValueError("not an image that can be read" if raw else "the file is empty") from None
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways on damaged files
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"the image cannot be read ({reason})") from None


def _refuse_bomb(image: Image.Image, size: int) -> None:
    """Few bytes that become very many are no photograph."""
    decoded = image.width * image.height * len(image.getbands())
    if decoded > SUSPICIOUS_BYTES and decoded > SUSPICIOUS_RATIO * size:
        raise ValueError(f"{image.width}x{image.height} pixels from {size:,} bytes look like a decompression bomb")


def _fit(image: Image.Image, size: tuple[int, int], reading: ReadSpec) -> Image.Image:
    if reading.fit == "pad":
        return ImageOps.pad(image, size, Image.Resampling.BILINEAR, color=_grey(image.mode, reading.background))
    if reading.fit == "crop":
        return ImageOps.fit(image, size, Image.Resampling.BILINEAR)
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3)


def _eight_bits(image: Image.Image, bits: int, background: int) -> Image.Image:
    """Grey or colour of 8 bits a channel, without transparency."""
    if image.mode in {"I", "F"}:
        raise ValueError("its values have 32 bits and no known range; save it with 8 or 16")
    if image.mode.startswith("I;16"):
        values = np.asarray(image, np.float64) * (255 / (2**bits - 1))
        return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        below = Image.new("RGBA", image.size, (background, background, background, 255))
        return Image.alpha_composite(below, image).convert("RGB")
    return image.convert("RGB") if image.mode not in {"L", "RGB"} else image


def _grey(mode: str, value: int) -> int | tuple[int, int, int]:
    return value if mode == "L" else (value, value, value)
