"""IDX files, gzipped or not: the format of MNIST and its relatives.

Layout: two zero bytes, a type code, the number of dimensions, then each dimension as a big-endian 32-bit number, then
the values. Source: LeCun and Cortes, "The MNIST database", section "File formats".
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from pellucid.errors import DataError

UNSIGNED_BYTE = 0x08
MAX_DIMENSIONS = 4


def read_idx(path: Path, shape: tuple[int | None, ...], sha256: str | None = None) -> UInt8[ndarray, ...]:
    """Read an IDX file of unsigned bytes.

    Args:
        path: The file, gzipped when it begins like gzip.
        shape: What the dimensions must be; None stands for any size.
        sha256: Checksum of the uncompressed bytes, or None to check none.

    Returns:
        The values, writable, of the shape that the file gives.

    Raises:
        DataError: The file is missing, truncated, oversized or altered, or is not such a file.
    """
    try:
        raw = bytearray(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read ({error.strerror or error}).") from None
    if raw[:2] == b"\x1f\x8b":
        raw = _gunzip(path, raw)
    sizes = _sizes(path, raw, shape)
    start, count = 4 + 4 * len(sizes), math.prod(sizes)
    if len(raw) - start != count:
        fault = "truncated" if len(raw) - start < count else "oversized"
        raise DataError(
            f"{path}: the file is {fault}: its header promises {count} values; received {len(raw) - start}."
        )
    if sha256 is not None and (received := hashlib.sha256(raw).hexdigest()) != sha256:
        raise DataError(f"{path}: the file was altered: its SHA-256 must be {sha256}; received {received}.")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(sizes)


def _gunzip(path: Path, raw: bytearray) -> bytearray:
    content = bytearray()
    unzip = zlib.decompressobj(wbits=31)
    try:
        content += unzip.decompress(raw)
        content += unzip.flush()
    except zlib.error as error:
        raise DataError(f"{path}: the gzip data is damaged ({error}). Get the file anew.") from None
    if not unzip.eof:
        raise DataError(f"{path}: the gzip data is truncated. Get the file anew.")
    if unzip.unused_data:
        raise DataError(f"{path}: the file is oversized: {len(unzip.unused_data)} bytes follow the gzip data.")
    return content


def _sizes(path: Path, raw: bytearray, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    if len(raw) < 4:
        raise DataError(f"{path}: an IDX file begins with 4 bytes of magic; received {len(raw)} bytes.")
    zeros, kind, dimensions = struct.unpack(">HBB", raw[:4])
    if zeros != 0 or not 1 <= dimensions <= MAX_DIMENSIONS:
        raise DataError(f"{path}: not an IDX file: it begins with {bytes(raw[:4]).hex()}.")
    if kind != UNSIGNED_BYTE:
        raise DataError(f"{path}: the values must be unsigned bytes (type 0x08); received type 0x{kind:02x}.")
    if dimensions != len(shape):
        raise DataError(f"{path}: the file must have {len(shape)} dimensions; received {dimensions}.")
    if len(raw) < 4 + 4 * dimensions:
        raise DataError(f"{path}: the file is truncated: its header ends after {len(raw)} bytes.")
    sizes = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
    if any(must is not None and size != must for size, must in zip(sizes, shape, strict=True)):
        wanted = " x ".join("any" if must is None else str(must) for must in shape)
        raise DataError(f"{path}: the sizes must be {wanted}; received {' x '.join(map(str, sizes))}.")
    return sizes
