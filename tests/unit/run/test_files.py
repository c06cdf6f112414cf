import os
from pathlib import Path

import pytest

from pellucid.errors import RunError
from pellucid.run import files
from pellucid.run.files import require_place, write_file


def test_a_file_is_written_whole_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_file(path, "first ✓")
    assert path.read_text(encoding="utf-8") == "first ✓"
    write_file(path, b"\x00second")
    assert path.read_bytes() == b"\x00second"
    assert os.listdir(tmp_path) == ["a.txt"]  # noqa: PTH208


def test_the_file_has_the_rights_that_other_files_get(tmp_path: Path) -> None:
    write_file(tmp_path / "ours", "x")
    (tmp_path / "theirs").write_text("x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_file(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunError, match=r"a.txt cannot be written \(No space left on device\)"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_is_looked_at_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    assert require_place(tmp_path / "a" / "b" / "c.png") == tmp_path / "a" / "b" / "c.png"
    assert not (tmp_path / "a").exists()
    with pytest.raises(RunError, match=r"is a folder\. Give the name of a file in it\."):
        require_place(tmp_path)
    with pytest.raises(RunError, match=r"c.png cannot be written, since .*/file is no folder\. Give another place\."):
        require_place(tmp_path / "file" / "b" / "c.png")
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    with pytest.raises(RunError, match=r"c.png cannot be written, since nothing may be written to .*\. Give another"):
        require_place(tmp_path / "c.png")


def test_a_missing_folder_is_made_where_that_is_wanted(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b" / "c.txt", "x", make_folder=True)
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"
    with pytest.raises(RunError, match=r"cannot be written \((File exists|Not a directory)\)"):
        write_file(tmp_path / "a" / "b" / "c.txt" / "d", "x", make_folder=True)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"absent/a.txt cannot be written \(No such file or directory\)"):
        write_file(tmp_path / "absent" / "a.txt", "x")
