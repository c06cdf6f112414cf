"""Encoded images become pixels of one shape."""

from __future__ import annotations

import hashlib
import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError

from pellucid.arrays import Shaped, UInt8
from pellucid.data.formats import FORMATS
from pellucid.data.listing import Content
from pellucid.data.remarks import gathered, native_warned
from pellucid.data.values import WHITE, Extent, eight_bits, extent_of, range_within
from pellucid.errors import DataError, PellucidWarning
from pellucid.spec.image_reading import ImageReading, PlainReading

MODES = {1: "L", 3: "RGB"}
ORIENTATION, BITS_PER_SAMPLE = 0x0112, 258  # tags of EXIF and TIFF
GREY_MODES = {"1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
# Bytes that a pixel takes at most, in Pillow's modes: as it is decoded, and turned upright or converted beside that.
WORKING_BYTES = {"1": 2, "L": 2, "P": 5, "I;16": 4, "I;16B": 4, "I;16L": 4, "I;16N": 4}
DECODER_BYTES = {"WEBP": 8, "AVIF": 12, "JPEG2000": 20}  # where the decoder has the whole image before Pillow has it
MOST_BYTES = 704 << 20  # a photograph in colour with as many pixels as Pillow lets pass, 89 million
TILE_PIXELS = 1 << 20
SCAN, MOST_SCANS = b"\xff\xda", 100  # of a JPEG; programs write about ten, and each may take as long as the whole image


class ImageTooLargeError(ValueError):
    """Decoding an image would take more memory than it may."""


@dataclass(frozen=True)
class Header:
    """What is known of an image before its pixels are decoded.

    Attributes:
        height: Height in pixels, once the image is upright.
        width: Width in pixels, once the image is upright.
        channels: 1 for grey, 3 for colour.
        key: A number that follows from the file's bytes alone.
        format: What the bytes are, such as PNG, whatever the name says.
        most: The greatest value that a pixel can hold; infinite where that is not known, as of floats.
    """

    height: int
    width: int
    channels: int
    key: int
    format: str
    most: float


def read_image(
    path: Path, input_shape: tuple[int, int, int], reading: ImageReading | None = None, *, invert: bool = False
) -> UInt8[ndarray, "height width channels"]:
    """Read one image file: turned upright, on the background where it is transparent, grey or colour, resized.

    Args:
        path: PNG, JPEG or another format that Pillow reads; of an animation, the first frame.
        input_shape: (height, width, channels) to bring it to.
        reading: How to bring the image to that shape; stretched, on black, unless given.
        invert: Exchange dark and bright, for dark ink on bright paper.

    Raises:
        DataError: The file cannot be read, or is so large that it looks like a decompression bomb.

    Warns:
        PellucidWarning: Something in the file is damaged or beyond the range of values, and it was read all the same.
    """
    pixels = read_content(Content(str(path)), str(path), input_shape, reading or PlainReading())
    return 255 - pixels if invert else pixels


def read_content(
    content: Content, name: str, input_shape: tuple[int, int, int], reading: ImageReading
) -> UInt8[ndarray, "height width channels"]:
    """Read one image, wherever its bytes lie; see `read_image`.

    Args:
        content: The bytes of its file.
        name: What it is called in messages.
        input_shape: (height, width, channels) to bring it to.
        reading: How to bring it to that shape.

    Raises:
        DataError: It cannot be read, or is so large that it looks like a decompression bomb.

    Warns:
        PellucidWarning: Something in it is damaged or beyond the range of values, and it was read all the same.
    """
    if input_shape[2] not in MODES:
        raise DataError(f"Image files give 1 or 3 channels; the network takes {input_shape[2]}.")
    with gathered() as remarks:
        try:
            pixels = decode(content, input_shape, reading)
        except ValueError as error:
            raise DataError(f"{name}: {error}.") from None
    for remark in remarks:
        warnings.warn(f"{name}: {remark}", PellucidWarning, stacklevel=3)
    return pixels


def probe(content: Content) -> Header:
    """Read an image's header, and hash its bytes.

    Raises:
        ValueError: It cannot be read; the text says why.
    """
    with _opened(content) as (image, raw):
        height, width = image.height, image.width
        if _may_be_turned(image, raw) and image.getexif().get(ORIENTATION, 1) in {5, 6, 7, 8}:
            height, width = width, height
        palette = image.getpalette("RGB") if image.mode == "P" else None
        is_grey = image.mode in GREY_MODES or (palette is not None and palette[::3] == palette[1::3] == palette[2::3])
        key = int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "little")
        return Header(height, width, 1 if is_grey else 3, key, image.format or "", _most(image))


def _may_be_turned(image: Image.Image, raw: bytes) -> bool:
    """Whether an image may lie on its side, so that its height is its width once it is upright.

    Of a TIFF, Pillow gives the size once it is upright. A PNG may say it behind its pixels, and Pillow decodes them all
    to look there; that is spared where the file has nothing of the kind.
    """
    if image.format == "PNG":
        return any(mark in raw for mark in (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp"))
    return image.format != "TIFF"


def decode(
    content: Content, input_shape: tuple[int, int, int], reading: ImageReading, most_bytes: int | None = None
) -> UInt8[ndarray, "height width channels"]:
    """Decode an image and bring it to a shape.

    Args:
        content: The file.
        input_shape: (height, width, channels) to bring it to.
        reading: How.
        most_bytes: Memory that decoding may take; 704 MiB unless given.

    Raises:
        ImageTooLargeError: Decoding would take more memory than it may.
        ValueError: It cannot be read; the text says why.
    """
    height, width, channels = input_shape
    with _opened(content, most_bytes) as (opened, _):
        most = _most(opened)
        ImageOps.exif_transpose(opened, in_place=True)
        image = _plain(opened, most, reading)
        if image.mode == "RGB" and channels == 1:
            image = image.convert("L")
        if image.size != (width, height):
            image = _fit(image, (width, height), reading)
        return np.asarray(image.convert(MODES[channels])).reshape(input_shape).copy()


def measure(content: Content) -> Extent:
    """The values of an image, as they stand in its file.

    Raises:
        ValueError: It cannot be read; the text says why.
    """
    with _opened(content) as (image, _):
        extent = Extent.of_nothing(_most(image))
        for _, tile in _tiles(image):
            extent = extent.joined(extent_of(_values(tile), extent.most))
        return extent


@contextmanager
def _opened(content: Content, most_bytes: int | None = None) -> Iterator[tuple[Image.Image, bytes]]:
    """The image and its bytes; whatever a decoder raises becomes a ValueError that says what is wrong."""
    raw = b""
    try:
        raw = content.read()
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=tuple(FORMATS)) as image:
                _refuse_bomb(image, raw, MOST_BYTES if most_bytes is None else most_bytes)
                with native_warned() if image.format == "TIFF" else nullcontext():
                    yield image, raw
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageTooLargeError(f"the image is too large ({error})") from None
    except ImageTooLargeError as error:
        raise ImageTooLargeError(f"the image cannot be read ({error})") from None
    except UnidentifiedImageError:
        raise ValueError("not an image that can be read" if raw else "the file is empty") from None
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways on damaged files
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"the image cannot be read ({reason})") from None


def _refuse_bomb(image: Image.Image, raw: bytes, most_bytes: int) -> None:
    """See that decoding takes no more memory than it may, and no time without end.

    The header says how much memory, whatever the size of the file.
    """
    if image.format in {"JPEG", "MPO"} and (scans := raw.count(SCAN)) > MOST_SCANS:
        raise ValueError(f"a JPEG may have {MOST_SCANS} scans; received {scans:,}")
    pixel = max(WORKING_BYTES.get(image.mode, 8), DECODER_BYTES.get(image.format or "", 0))
    needed = image.width * image.height * pixel
    if needed > most_bytes:
        received = f"{image.width}x{image.height} pixels, which take {needed >> 20:,} MiB"
        raise ImageTooLargeError(f"decoding may take {most_bytes >> 20} MiB; received {received}")


def _fit(image: Image.Image, size: tuple[int, int], reading: ImageReading) -> Image.Image:
    if reading.fit == "pad":
        return ImageOps.pad(image, size, Image.Resampling.BILINEAR, color=_grey(image.mode, reading.background))
    if reading.fit == "crop":
        return ImageOps.fit(image, size, Image.Resampling.BILINEAR)
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3)


def _plain(image: Image.Image, most: float, reading: ImageReading) -> Image.Image:
    """Grey or colour of 8 bits a channel, without transparency.

    Raises:
        ValueError: No range is known of its values.
    """
    low, high = range_within(reading.value_range, most)
    is_opaque, is_deep = not image.has_transparency_data, _is_deep(image)
    is_scaled = is_deep or (low, high) != (0, WHITE)
    mode = "L" if is_deep or (is_opaque and image.mode in {"1", "L"}) else "RGB"
    if image.mode == mode and is_opaque and not is_scaled:
        return image
    plain, extent = Image.new(mode, image.size), Extent.of_nothing(most)
    for place, tile in _tiles(image):
        if is_scaled:
            extent = extent.joined(extent_of(_values(tile), most))
        plain.paste(_plain_tile(tile, low, high, reading.background), place)
    if beyond := extent.beyond(low, high):
        warnings.warn(f"it holds {beyond}", stacklevel=2)
    return plain


def _tiles(image: Image.Image) -> Iterator[tuple[tuple[int, int], Image.Image]]:
    """An image in pieces and where they lie, so that what is made of them stays small beside it."""
    columns, rows = min(image.width, TILE_PIXELS), max(1, TILE_PIXELS // image.width)
    for top in range(0, image.height, rows):
        for left in range(0, image.width, columns):
            box = (left, top, min(left + columns, image.width), min(top + rows, image.height))
            yield (left, top), image.crop(box)


def _plain_tile(tile: Image.Image, low: float, high: float, background: int) -> Image.Image:
    if _is_deep(tile):
        return Image.fromarray(eight_bits(np.asarray(tile), low, high))
    table = eight_bits(np.arange(256), low, high).tolist()
    if not tile.has_transparency_data:
        image = tile.convert("L" if tile.mode in {"1", "L"} else "RGB")
        return image.point(table * len(image.getbands()))
    image = tile.convert("RGBA").point([*table * 3, *range(256)])
    below = Image.new("RGBA", image.size, (background, background, background, 255))
    return Image.alpha_composite(below, image).convert("RGB")


def _values(image: Image.Image) -> Shaped[ndarray, ...]:
    """The values of the pixels, without the transparency."""
    if _is_deep(image) or image.mode in {"L", "RGB"}:
        return np.asarray(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    return np.asarray(image.convert("L" if image.mode == "1" else "RGB"))


def _is_deep(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _most(image: Image.Image) -> float:
    """The greatest value that an image's format can hold; infinite where that is not known, as of floats."""
    if image.mode.startswith("I;16"):
        return 2.0 ** getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (16,))[0] - 1  # a TIFF may have 12 bits
    if image.mode == "I" and image.format == "PPM":  # Pillow brings them to 16 bits
        return 65535.0
    return math.inf if _is_deep(image) else WHITE


def _grey(mode: str, value: int) -> int | tuple[int, int, int]:
    return value if mode == "L" else (value, value, value)
