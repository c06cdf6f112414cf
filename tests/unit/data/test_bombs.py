"""What a file asks for is looked at before it is given: small files that would take gigabytes of memory."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid import untrusted
from pellucid.data import listing, rows
from pellucid.data.archives import members_of, unpack
from pellucid.data.arrays import read_npy_folder, read_npz
from pellucid.data.decode import read_image
from pellucid.data.idx import read_idx
from pellucid.data.listing import Content
from pellucid.data.load import load_data
from pellucid.data.trees import folder_tree
from pellucid.data.workers import over_files
from pellucid.errors import DataError

MIB = 1 << 20


@pytest.fixture
def at_most() -> Callable[[float], AbstractContextManager[None]]:
    """A context in which Python and NumPy may take so many MiB at once, and no more."""

    @contextmanager
    def measured(most: float):
        tracemalloc.start()
        try:
            yield
            taken = tracemalloc.get_traced_memory()[1] / MIB
        finally:
            tracemalloc.stop()
        assert taken < most, f"{taken:.0f} MiB were taken"

    return measured


def npy_header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def test_no_more_is_unpacked_than_a_header_promises(tmp_path: Path, at_most: Callable) -> None:
    head = struct.pack(">HBBIII", 0, 8, 3, 2, 4, 4)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(head + bytes(60 * MIB), 1))
    with at_most(10), pytest.raises(DataError, match="is oversized: its header promises 32 values; received more"):
        read_idx(tmp_path / "bomb.gz", (None, None, None))


def test_a_header_that_promises_more_than_the_machine_has_is_refused(tmp_path: Path, at_most: Callable) -> None:
    (tmp_path / "huge").write_bytes(struct.pack(">HBBIII", 0, 8, 3, 2**31, 28, 28))
    with at_most(5), pytest.raises(DataError, match=r"may take [\d,]+ MiB, half of this machine's memory; this would"):
        read_idx(tmp_path / "huge", (None, None, None))
    (tmp_path / "none").write_bytes(struct.pack(">HBBIII", 0, 8, 3, 0, 2**32 - 1, 2**32 - 1))
    with pytest.raises(DataError, match="must hold values; its header says 0 x 4294967295 x 4294967295"):
        read_idx(tmp_path / "none", (None, None, None))


def test_arrays_that_take_too_much_are_refused_by_their_headers(
    tmp_path: Path, at_most: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((20, 1000, 1000), np.uint8), y=np.arange(20))
    monkeypatch.setattr(untrusted, "memory_bytes", lambda: 20 * MIB)
    with at_most(5), pytest.raises(DataError, match=r"may take 10 MiB, .* this would take 19 MiB"):
        read_npz(tmp_path / "bomb.npz")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (9000000000000, 8, 8)}", "promises 576000000000000 bytes"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8)}", "lengths of an array must be whole numbers"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "Python objects, which could run code; save the"),
        ("{'descr': '<U0', 'fortran_order': False, 'shape': (9000000000000,)}", "its values have no bytes"),
        ("(" * 5000, "the header of an array is damaged"),
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",)}",
            "the header of an array is damaged",
        ),
    ],
)
def test_a_header_of_an_array_is_not_believed(tmp_path: Path, header: str, reason: str) -> None:
    (tmp_path / "x_train.npy").write_bytes(npy_header(header))
    np.save(tmp_path / "y_train.npy", np.arange(2))
    with pytest.raises(DataError, match=reason) as refused:
        read_npy_folder(tmp_path)
    assert "pickle" not in str(refused.value)
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.write(tmp_path / "x_train.npy", "x.npy")
        archive.write(tmp_path / "y_train.npy", "y.npy")
    with pytest.raises(DataError, match="of an array|of x.npy promises|Python objects|have no bytes") as refused:
        read_npz(tmp_path / "data.npz")
    assert "pickle" not in str(refused.value)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_header_of_a_tar_takes_no_more_than_a_header_needs(tmp_path: Path, kind: bytes, at_most: Callable) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = kind, 300 * MIB
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(30 * MIB), 1))
    with at_most(10), pytest.raises(DataError, match=r"a header takes 314,572,800 bytes, and may take 1,048,576"):
        members_of(tmp_path / "bomb.tar.gz")


def test_overlapping_records_of_a_tar_are_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    text = b"2 " * 200_000 + b"="
    info.type, info.size = tarfile.XHDTYPE, len(text)
    (tmp_path / "slow.tar").write_bytes(info.tobuf() + text.ljust(-(-len(text) // 512) * 512, b"\0"))
    with pytest.raises(DataError, match="a header in it is damaged"):
        members_of(tmp_path / "slow.tar")


@pytest.mark.parametrize(
    ("kind", "text", "times"),
    [
        (tarfile.XHDTYPE, b"9" * 19 + b" path=a\n", 1),  # a length that no number of C's holds
        (tarfile.XGLTYPE, b"9" * 25 + b" path=a\n", 1),
        (tarfile.XHDTYPE, b"11 path=aa\n", 3000),  # headers of headers, without end
        (tarfile.GNUTYPE_LONGNAME, b"a\0", 3000),
    ],
)
def test_headers_that_lead_pythons_reader_astray_are_refused(
    tmp_path: Path, kind: bytes, text: bytes, times: int
) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(text)
    header = info.tobuf() + text.ljust(512, b"\0")
    (tmp_path / "data.tar").write_bytes(header * times + bytes(1024))
    with pytest.raises(DataError, match="the archive cannot be read"):
        members_of(tmp_path / "data.tar")


def test_what_a_member_leaves_out_counts_as_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tarfile.TarInfo("a/large.png")
    info.size = 30 * MIB  # too large to be kept, but unpacked to get to what follows it
    monkeypatch.setattr(listing, "MAX_FILE_BYTES", 10 * MIB)
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(info.tobuf() + bytes(30 * MIB), 1))
    with pytest.raises(DataError, match=r"it unpacks to more than the [\d,]+ bytes that it may"):
        members_of(tmp_path / "bomb.tar.gz")


def test_the_bytes_of_rejected_files_are_let_go(tmp_path: Path, at_most: Callable) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(8):
            archive.writestr(f"{number}.png", bytes(8 * MIB))
    contents = [content for _, content in members_of(tmp_path / "bomb.zip")[0]]
    with at_most(30):
        done = list(over_files(Content.read, contents[:1], lambda _: None))
        assert len(done[0].result) == 8 * MIB
        done = list(over_files(lambda content: int(content.read()[:1]), contents, lambda _: None))
    assert {str(one.result) for one in done} == {"invalid literal for int() with base 10: b'\\x00'"}


def test_a_packing_that_python_cannot_bound_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a/0.png", bytes(MIB))
    found, _, rejected = members_of(tmp_path / "bomb.zip")
    assert not found
    assert [fault.reason for fault in rejected] == [
        "it is packed by another method than deflate; pack the archive anew with the usual one"
    ]


def test_an_archive_is_unpacked_to_a_bound_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("table.csv", "image,label\n")
        for number in range(4):
            archive.writestr(f"{number}.bin", bytes(4 * MIB))
    monkeypatch.setattr(listing, "MAX_FILE_BYTES", 8 * MIB)
    with pytest.raises(DataError, match=r"unpacks to more than the [\d,]+ bytes that it may; unpack it yourself"):
        unpack(tmp_path / "bomb.zip", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_deep_image_is_brought_to_eight_bits_some_at_a_time(tmp_path: Path, at_most: Callable) -> None:
    raw = io.BytesIO()
    Image.fromarray(np.full((4000, 4000), 40_000, np.uint16)).save(raw, "PNG", compress_level=1)
    (tmp_path / "deep.png").write_bytes(raw.getvalue())
    with at_most(100):  # in float64 the whole would take 122 MiB, once and again
        assert read_image(tmp_path / "deep.png", (4, 4, 1)).max() == 156


def test_one_image_that_stands_in_each_row_of_a_table_takes_the_memory_of_what_is_kept(
    tmp_path: Path, at_most: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    image = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array([bytes(MIB)]))
    parquet.write_table(
        pa.table({"image": image, "label": ["a"] * 1000}), tmp_path / "bomb.parquet", compression="zstd"
    )
    assert (tmp_path / "bomb.parquet").stat().st_size < 4096
    monkeypatch.setattr(untrusted, "memory_bytes", lambda: 20 * MIB)
    with (
        at_most(120),
        pytest.raises(DataError, match=r"may take 10 MiB, .* this would take 11 MiB. Save the images as"),
    ):
        load_data(tmp_path / "bomb.parquet")
    parquet.write_table(pa.table({"image": pa.nulls(10**6), "label": pa.nulls(10**6)}), tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=r"may take 10 MiB, .* this would take 47\d MiB"):
        load_data(tmp_path / "rows.parquet")


def test_devices_and_pipes_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("a.csv", "a.jsonl", "a.parquet", "a.npz", "a.zip", "a.tar.gz", "train-images-idx3-ubyte"):
        for target in ("/dev/zero", tmp_path / "pipe"):
            (tmp_path / name).symlink_to(target)
            with pytest.raises(
                DataError, match="a device, a pipe or the like|must be one of|must be called|must both be"
            ):
                load_data(tmp_path / name)
            (tmp_path / name).unlink()


def test_what_the_system_shows_of_itself_is_no_folder_of_data() -> None:
    tree = folder_tree(Path("/proc"))
    assert (tree.files, len(tree.rejected)) == ((), 1)
    assert tree.rejected[0].reason == "what the system shows there are no files"


def test_a_file_that_no_memory_holds_and_a_line_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted, "memory_bytes", lambda: 2 * MIB)
    with (tmp_path / "holes.jsonl").open("wb") as file:
        file.truncate(MIB + 1)  # without any of it on disk
    with pytest.raises(DataError, match="it may have 1,048,576 bytes; it has 1,048,577"):
        load_data(tmp_path / "holes.jsonl")
    monkeypatch.setattr(rows, "MOST_LINE", 1000)
    (tmp_path / "long.csv").write_text("image,label\n" + "x" * 1000)
    with pytest.raises(DataError, match="a line may have 1,000 characters; one has more"):
        load_data(tmp_path / "long.csv")
