"""Single image files, brought to the shape that a network takes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError

from pellucid.errors import DataError

MODES = {1: "L", 3: "RGB"}


def read_image(
    path: Path, input_shape: tuple[int, int, int], *, invert: bool = False
) -> UInt8[ndarray, "height width channels"]:
    """Read one image file: turned upright, on black where it is transparent, grey or colour, resized.

    Args:
        path: PNG, JPEG or another format that Pillow reads; of an animation, the first frame.
        input_shape: (height, width, channels) to bring it to. An image of another size is stretched.
        invert: Exchange dark and bright, for dark ink on bright paper.

    Raises:
        DataError: The file cannot be read, or is so large that it looks like a decompression bomb.
    """
    height, width, channels = input_shape
    if channels not in MODES:
        raise DataError(f"Image files give 1 or 3 channels; the network takes {channels}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                image = _eight_bits(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: the image is too large. {error}") from None
    except UnidentifiedImageError:
        raise DataError(f"{path}: not an image that can be read.") from None
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways on damaged files
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{path}: the image cannot be read ({reason}).") from None
    image = image.convert(MODES[channels])
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3)
    if invert:
        image = ImageOps.invert(image)
    return np.asarray(image).reshape(input_shape).copy()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey or colour of 8 bits a channel, without transparency."""
    if image.mode in {"I", "F"}:
        raise ValueError("its values have 32 bits and no known range; save it with 8 or 16")
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image, np.float64) / 257).round().clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")
    return image.convert("RGB") if image.mode not in {"L", "RGB"} else image
