import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pellucid.data.idx import read_idx
from pellucid.errors import DataError


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GOOD = idx(VALUES)


@given(values=arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4, max_side=5)), zipped=st.booleans())
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, zipped: bool) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    raw = idx(values)
    path.write_bytes(gzip.compress(raw, mtime=0) if zipped else raw)
    read = read_idx(path, (None,) * values.ndim, hashlib.sha256(raw).hexdigest())
    assert np.array_equal(read, values)
    assert read.dtype == np.uint8
    assert read.flags.writeable


@given(raw=st.binary(max_size=64) | st.binary(max_size=40).map(lambda tail: b"\x00\x00\x08\x02" + tail))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(raw)
    try:
        values = read_idx(path, (None, None))
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert idx(values) == raw


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "an IDX file begins with 4 bytes of magic; received 0 bytes"),
        (b"\x01" + GOOD[1:], "not an IDX file: it begins with 01000803"),
        (GOOD[:2] + b"\x0d" + GOOD[3:], "the values must be unsigned bytes (type 0x08); received type 0x0d"),
        (GOOD[:10], "the file is truncated: its header ends after 10 bytes"),
        (GOOD[:-1], "the file is truncated: its header promises 24 values; received 23"),
        (GOOD + b"x", "the file is oversized: its header promises 24 values; received more"),
        (gzip.compress(GOOD, mtime=0)[:-9], "the gzip data is truncated"),
        (gzip.compress(GOOD, mtime=0)[:10] + b"\xff" * 30, "the gzip data is damaged"),
        (gzip.compress(GOOD, mtime=0) + b"more", "the file is oversized: 4 bytes follow the gzip data"),
        (idx(VALUES.reshape(6, 4)), "the file must have 3 dimensions; received 2"),
        (idx(VALUES.reshape(2, 4, 3)), "the sizes must be any x 3 x 4; received 2 x 4 x 3"),
        (GOOD[:-1] + b"\x00", "the file was altered: its SHA-256 must be"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(raw)
    with pytest.raises(DataError) as caught:
        read_idx(path, (None, 3, 4), hashlib.sha256(GOOD).hexdigest())
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: the file cannot be read"):
        read_idx(tmp_path / "absent", (None,))
