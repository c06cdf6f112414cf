"""IDX files, gzipped or not: the format of MNIST and its relatives.

Layout: two zero bytes, a type code, the number of dimensions, then each dimension as a big-endian 32-bit number, then
the values. Source: LeCun and Cortes, "The MNIST database", section "File formats".
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from pellucid.data.memory import require_room
from pellucid.errors import DataError
from pellucid.untrusted import opened

UNSIGNED_BYTE = 0x08
MAX_DIMENSIONS = 4
LONGEST_HEADER = 4 + 4 * MAX_DIMENSIONS
GZIP = b"\x1f\x8b"
CHUNK = 1 << 20


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
        with opened(path) as file:
            begins = file.read(len(GZIP))
            file.seek(0)
            packed = (lambda: file.read(CHUNK)) if begins != GZIP else _unzipped(path, file)
            return _read(path, packed, shape, sha256)
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read ({error.strerror or error}).") from None


def _read(
    path: Path, more: Callable[[], bytes], shape: tuple[int | None, ...], sha256: str | None
) -> UInt8[ndarray, ...]:
    """The values, of which no more are taken than the header promises.

    Args:
        path: The file, for messages.
        more: Gives further bytes of the file; none at its end.
        shape: What the dimensions must be.
        sha256: Checksum of all bytes.
    """
    raw = bytearray()
    while len(raw) < LONGEST_HEADER and (some := more()):
        raw += some
    sizes = _sizes(path, raw, shape)
    start, count = 4 + 4 * len(sizes), math.prod(sizes)
    if not count:
        raise DataError(f"{path}: the file must hold values; its header says {' x '.join(map(str, sizes))}.")
    require_room(path, count)
    while len(raw) - start <= count and (some := more()):
        raw += some
    if len(raw) - start > count:
        raise DataError(f"{path}: the file is oversized: its header promises {count} values; received more.")
    if len(raw) - start < count:
        received = len(raw) - start
        raise DataError(f"{path}: the file is truncated: its header promises {count} values; received {received}.")
    if sha256 is not None and (received := hashlib.sha256(raw).hexdigest()) != sha256:
        raise DataError(f"{path}: the file was altered: its SHA-256 must be {sha256}; received {received}.")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(sizes)


def _unzipped(path: Path, file: BufferedReader) -> Callable[[], bytes]:
    """What gives the bytes of a gzipped file, some at a time."""
    unzip = zlib.decompressobj(wbits=31)

    def more() -> bytes:
        while not unzip.eof:
            packed = unzip.unconsumed_tail or file.read(CHUNK)
            if not packed:
                raise DataError(f"{path}: the gzip data is truncated. Get the file anew.")
            try:
                if some := unzip.decompress(packed, CHUNK):
                    return some
            except zlib.error as error:
                raise DataError(f"{path}: the gzip data is damaged ({error}). Get the file anew.") from None
        if beyond := len(unzip.unused_data) + len(file.read()):
            raise DataError(f"{path}: the file is oversized: {beyond} bytes follow the gzip data.")
        return b""

    return more


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
