"""Numbers as the page reads them: as they lie in memory, in base64."""

from __future__ import annotations

import base64
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

Kind = Literal["float32", "float16", "int8", "uint8", "uint16"]
MOST_INT8 = 127


def packed(values: Shaped[ndarray, ...], kind: Kind = "float32") -> dict[str, Any]:
    """Numbers of one type, little-endian.

    Args:
        values: The numbers, which the type can hold.
        kind: The type.
    """
    raw = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    return {"shape": list(raw.shape), "type": kind, "data": base64.b64encode(raw.tobytes()).decode()}


def packed_int8(values: Float[ndarray, "rows ..."]) -> dict[str, Any]:
    """Numbers as whole ones of 8 bits, with a scale for each row of the first axis."""
    whole, scales = as_int8(values)
    return packed(whole, "int8") | {"scale": [float(scale) for scale in scales]}


def as_int8(values: Float[ndarray, "rows ..."]) -> tuple[ndarray, Float[ndarray, " rows"]]:
    """Whole numbers of 8 bits, and for each row of the first axis what they are to be multiplied by."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    scales = np.abs(flat).max(axis=1, initial=0) / MOST_INT8
    whole = np.rint(flat / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    return whole.reshape(values.shape), scales
