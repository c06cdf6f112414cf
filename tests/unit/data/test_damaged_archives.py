"""Nothing of a damaged archive is lost without a word, and nothing outside of one is read."""

from __future__ import annotations

import gzip
import io
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.archives import members_of, unpack
from pellucid.data.load import load_data
from pellucid.errors import DataError


def png(number: int) -> bytes:
    raw = io.BytesIO()
    Image.fromarray(np.full((4, 4), number, np.uint8)).save(raw, "PNG")
    return raw.getvalue()


def tar_of(count: int, kind: str = "") -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode=f"w:{kind}") as archive:
        for number in range(count):
            content = png(number)
            info = tarfile.TarInfo(f"{'ab'[number % 2]}/{number}.png")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def test_a_byte_that_flips_in_any_header_of_a_tar_is_noticed(tmp_path: Path) -> None:
    whole = tar_of(24)
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        headers = [info.offset for info in archive]
    for number, place in enumerate(headers):
        damaged = bytearray(whole)
        damaged[place + 5] ^= 1
        (tmp_path / "data.tar").write_bytes(damaged)
        said = "bad checksum|cannot be read" if not number else f"header at byte {place:,} is damaged, and what follows"
        with pytest.raises(DataError, match=said):
            members_of(tmp_path / "data.tar")


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_a_tar_that_was_cut_off_is_refused_or_says_that_files_may_be_missing(tmp_path: Path, kind: str) -> None:
    whole = tar_of(24, kind)
    for size in np.linspace(1, len(whole) - 1, 40 if kind else 60).astype(int):
        (tmp_path / "data.tar").write_bytes(whole[:size])
        try:
            found, _, rejected = members_of(tmp_path / "data.tar")
        except DataError:
            continue
        told = [fault.reason for fault in rejected]
        assert len(found) == 24 or told == ["it has no mark at its end, so that files may be missing"]
        assert not kind  # what is packed has an end of its own


def test_what_follows_the_end_of_a_tar_is_said(tmp_path: Path) -> None:
    (tmp_path / "data.tar").write_bytes(tar_of(2) + tar_of(2))
    found, _, rejected = members_of(tmp_path / "data.tar")
    assert len(found) == 2
    assert [fault.reason for fault in rejected] == ["something follows its end, and was not read"]
    (tmp_path / "data.tar").write_bytes(tar_of(2) + bytes(100_000))
    assert members_of(tmp_path / "data.tar")[2] == []


def test_the_members_of_a_tar_are_read_however_it_is_packed(tmp_path: Path) -> None:
    for kind in ("", "gz", "bz2", "xz"):
        (tmp_path / "data.tar").write_bytes(tar_of(5, kind))
        found, _, rejected = members_of(tmp_path / "data.tar")
        assert [(name, content.read()) for name, content in found] == [
            (f"{'ab'[number % 2]}/{number}.png", png(number)) for number in range(5)
        ]
        assert rejected == []


def test_long_names_and_names_of_other_scripts_come_through(tmp_path: Path) -> None:
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(tmp_path / "data.tar", "w", format=form) as archive:
            for name in ("a/" + "x" * 200 + ".png", "b/\u4e2d\u6587.png"):
                info = tarfile.TarInfo(name)
                info.size = len(png(0))
                archive.addfile(info, io.BytesIO(png(0)))
        assert [name for name, _ in members_of(tmp_path / "data.tar")[0]] == ["a/" + "x" * 200 + ".png", "b/中文.png"]


def test_a_damaged_zip_loses_no_file_without_a_word(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for number in range(24):
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", png(number))
    whole = raw.getvalue()
    directory = whole.index(b"PK\1\2")
    for place in range(directory, len(whole) - 4, 7):
        damaged = bytearray(whole)
        damaged[place] ^= 255
        (tmp_path / "data.zip").write_bytes(damaged)
        try:
            found, folders, rejected = members_of(tmp_path / "data.zip")
        except DataError:
            continue
        assert len(found) + len(folders) + len(rejected) == 24


def test_odd_names_in_a_zip_are_rejected(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the name that stands there twice
        for name in ("Q", "./.", "a/0.png", "a/0.png", "../x.png", "/etc/x.png"):
            archive.writestr(name, png(0))
    raw = bytearray((tmp_path / "data.zip").read_bytes())
    raw[26], raw[28] = 0, 1  # the first name becomes an extra field, in the file's header and in the list
    place = raw.index(b"PK\1\2")
    raw[place + 28], raw[place + 30] = 0, 1
    (tmp_path / "data.zip").write_bytes(raw)
    found, _, rejected = members_of(tmp_path / "data.zip")
    assert [name for name, _ in found] == ["a/0.png"]
    assert [fault.reason for fault in rejected] == [
        *("it has no name", "it has no name", "two files in it have this name"),
        *("its name leads out of the archive", "its name leads out of the archive"),
    ]
    with pytest.raises(DataError, match="the archive is not to be trusted"):
        unpack(tmp_path / "data.zip", tmp_path / "cache")


def test_a_table_in_an_archive_names_no_image_outside_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(0))
    for name, folder in (("table.csv", "images"), ("metadata.csv", "a")):
        with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
            rows = [f"{folder}/{number}.png,{'ab'[number % 2]}" for number in range(20)]
            outside = [f"{tmp_path}/secret.png,a", "../../../secret.png,b", "~/secret.png,a"]
            archive.writestr(name, "\n".join(["file_name,label", *rows, *outside]))
            for number in range(20):
                archive.writestr(f"{folder}/{number}.png", png(number))
        splits = load_data(tmp_path / "data.zip", test_split=None)
        rejected = [fault.reason for fault in splits.rejected]
        assert (len(splits.train), rejected) == (20, ["its path leads out of the archive"] * 3)


def test_a_packed_array_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"\0\0\x08\x03\0\0\0\x02\0\0\0\x04\0\0\0\x04" + bytes(32))
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(whole[:-9])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x02\0\x01")
    with pytest.raises(DataError, match="the gzip data is truncated. Get the file anew."):
        load_data(tmp_path)
