"""Files that anybody may have made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pellucid.untrusted import opened, parsed_json, read, read_json


def test_a_file_is_read_whole_up_to_a_bound(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read(tmp_path / "file") == read(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="it may have 4 bytes; it has 5"):
        read(tmp_path / "file", 4)


def test_what_is_no_file_is_not_opened_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="it is a device, a pipe or the like, and no file"):
            opened(place)
    with pytest.raises(IsADirectoryError):
        opened(tmp_path)
    with pytest.raises(OSError, match="null"):
        opened("a\0b")
    assert not before or len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - none was left open


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[" * 100_000, "nested too deeply"), ("9" * 5000, "limit"), ("{", "Expecting"), ('{"a": ' * 100_000, "too deep")],
)
def test_json_is_understood_up_to_a_depth(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parsed_json(text)
    (tmp_path / "file.json").write_text(text)
    with pytest.raises(ValueError, match=reason):
        read_json(tmp_path / "file.json")


def test_json_is_utf8(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ValueError, match="utf-8"):
        read_json(tmp_path / "file.json")
    (tmp_path / "file.json").write_text('{"a": "\u00e9"}', encoding="utf-8")
    assert read_json(tmp_path / "file.json") == {"a": "\u00e9"}
