"""Numbers as the page reads them: as they lie in memory, in base64."""

from __future__ import annotations

import base64
from typing import Any, Literal

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray

Kind = Literal["float32", "float16", "int8", "int4", "uint8", "uint16"]


def packed(values: Shaped[ndarray, ...], kind: Kind = "float32") -> dict[str, Any]:
    """Numbers of one type, little-endian.

    Args:
        values: The numbers, which the type can hold.
        kind: The type; of ``int4`` two stand in a byte, the first in its lower half.
    """
    raw = _halves(values) if kind == "int4" else np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return {"shape": list(values.shape), "type": kind, "data": base64.b64encode(raw.tobytes()).decode()}


def _halves(values: Shaped[ndarray, ...]) -> Shaped[ndarray, " bytes"]:
    flat = np.zeros(values.size + values.size % 2, np.uint8)
    flat[: values.size] = values.ravel().astype(np.int8).view(np.uint8) & 15
    return flat[::2] | flat[1::2] << 4
