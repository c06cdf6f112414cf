"""Images side by side in one PNG."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

CHANNELS = {1, 3}  # of images that a PNG shows as they are


def sprite(images: UInt8[ndarray, "count height width channels"]) -> dict[str, Any]:
    """Grey or colour images in one PNG, row by row, without loss.

    Args:
        images: One or more, of 1 or 3 channels.
    """
    count, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    whole = np.zeros((rows * columns, height, width, channels), np.uint8)
    whole[:count] = images
    sheet = whole.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(file, "PNG", optimize=True)
    address = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return {"png": address, "columns": columns, "count": count, "height": height, "width": width}
