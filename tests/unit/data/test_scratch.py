"""Folders that appear whole, and what a killed process leaves of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from pellucid.data.scratch import LOCK, put, scratch_beside


def names(folder: Path) -> set[str]:
    return {place.name for place in folder.iterdir()}


def test_a_folder_takes_its_place_whole(tmp_path: Path) -> None:
    with scratch_beside(tmp_path / "place") as scratch:
        (scratch / "file").write_text("whole")
        assert names(tmp_path) == {scratch.name}
        put(scratch, tmp_path / "place")
    assert names(tmp_path) == {"place"}
    assert names(tmp_path / "place") == {"file"}


def test_what_is_not_put_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), scratch_beside(tmp_path / "place") as scratch:
        (scratch / "file").write_text("half")
        raise OSError("the disk is full")
    assert names(tmp_path) == set()


def test_what_killed_processes_left_beside_the_same_place_is_removed(tmp_path: Path) -> None:
    for left in (".place.0123abcd", ".place.fedcba98"):
        (tmp_path / left).mkdir()
        (tmp_path / left / LOCK).touch()
        (tmp_path / left / "file").write_text("half")
    with scratch_beside(tmp_path / "place") as scratch:
        assert names(tmp_path) == {scratch.name}


def test_what_others_write_or_keep_there_is_left_alone(tmp_path: Path) -> None:
    kept = {".place.0123abcd", ".place.backup12", ".place.01234567", ".placed.0123abcd", "place"}
    for name in kept:
        (tmp_path / name).mkdir()
    (tmp_path / ".place.0123abcd" / "mine").write_text("no lock lies in it")
    (tmp_path / ".placed.0123abcd" / LOCK).touch()
    under_way = FileLock(tmp_path / ".place.01234567" / LOCK)
    with under_way, scratch_beside(tmp_path / "place"):
        assert names(tmp_path) > kept
    (tmp_path / "link").symlink_to(tmp_path / ".placed.0123abcd")
    (tmp_path / "link").rename(tmp_path / ".place.76543210")
    with scratch_beside(tmp_path / "place"):
        assert (tmp_path / ".placed.0123abcd" / LOCK).exists()
