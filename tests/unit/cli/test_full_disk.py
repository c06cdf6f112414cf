"""A disk that is full, or fails: one message, status 1, and what was there before is as it was."""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import pellucid as pl

FULL = os.strerror(errno.ENOSPC)
NETWORK = ("--model", "flatten, dense 3", "--epochs", 1)
COMMANDS: dict[str, tuple[object, ...]] = {
    "train": ("train", "bars", *NETWORK, "--out", "runs/new"),
    "train over a run": ("train", "bars", *NETWORK, "--out", "runs/bars-one", "--overwrite"),
    "train further": ("train", "--resume", "runs/bars-one", "--epochs", 9),
    "filters": ("filters", "runs/bars-one"),
    "data audit": ("data", "audit", "bars", "--html", "page.html"),
    "data clean": ("data", "clean", "bars", "--drop", "duplicates", "--out", "copy"),
    "study seeds": ("study", "seeds", "bars", *NETWORK, "--n", 2, "--out", "runs/study"),
}
pytestmark = pytest.mark.filterwarnings("default::pellucid.errors.PellucidWarning")


class Disk:
    """Fails at one operation, counted from 1; at 0 at none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
        self.made, self.fails_at = 0, fails_at
        for name in ("fsync", "replace", "rename", "mkdir"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*what: Any, **how: Any) -> Any:
            if operation.__name__ == "mkdir" and Path(what[0]).exists():  # nothing is written
                return operation(*what, **how)
            self.made += 1
            if self.made == self.fails_at:
                raise OSError(errno.ENOSPC, FULL)
            return operation(*what, **how)

        return counted


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Within this context the system lets no file become larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def require_nothing_lost(place: Path, before: dict[str, bytes]) -> None:
    """The run is as it was, or whole beside a new one that is not, or a new one that is done stands in its place."""
    here = files(place)
    run = {name for name in before if name.startswith("runs/bars-one/")}
    assert all(here[name] == before[name] for name in before.keys() - run)
    beside = {name: name.replace("bars-one/", "bars-one-before-1/") for name in run}
    if not all(here.get(name) == before[name] for name in run):
        kept = all(here.get(beside[name]) == before[name] for name in run)
        assert kept or pl.load_run(place / "runs" / "bars-one").record.status == "done"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_fails_once(
    pellucid: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before, start = files(tmp_path), tmp_path.with_name(f"{tmp_path.name}-start")
    shutil.copytree(tmp_path, start)
    made, fails_at = 0, [0]
    while fails_at:
        shutil.rmtree(tmp_path / "runs")
        shutil.copytree(start, tmp_path, dirs_exist_ok=True)
        with monkeypatch.context() as patched:
            disk = Disk(patched, fails_at.pop())
            told = pellucid(*COMMANDS[name])
        if disk.fails_at == 0:
            assert told.status == 0
            made = disk.made
            fails_at = sorted({1, made // 3, made - made // 3, made} - {0})
        elif disk.made < disk.fails_at:  # the first time, a library had work that is done once
            assert told.status == 0
        elif told.status == 0:
            assert f"({FULL})" in told.err
            goes_on = ("The training goes on", "is not kept", "There is no report", "is not drawn")
            assert any(words in told.err for words in goes_on)
        else:
            assert told.status == 1
            last = told.err.strip().splitlines()[-1]
            assert last.startswith("pellucid: ")
            assert FULL in last
            require_nothing_lost(tmp_path, before)
        for new in files(tmp_path).keys() - before.keys():
            assert not new.endswith(".part")
            if not new.startswith("runs/bars-one"):
                (tmp_path / new).unlink()
        for new in ("copy", "runs/new", "runs/study"):
            shutil.rmtree(tmp_path / new, ignore_errors=True)
    assert made >= 3


@pytest.mark.parametrize("size", [0, 400, 3000])
@pytest.mark.parametrize("name", ["train", "train further", "data clean", "study seeds"])
def test_files_that_cannot_become_as_large(pellucid: Callable[..., Any], tmp_path: Path, name: str, size: int) -> None:
    before = files(tmp_path)
    with largest_file(size):
        told = pellucid(*COMMANDS[name])
    assert told.status == 1
    assert told.err.strip().splitlines()[-1].startswith("pellucid: ")
    require_nothing_lost(tmp_path, before)
    assert not (tmp_path / "copy").exists()


def test_the_cache_of_images(tmp_path: Path, pellucid: Callable[..., Any]) -> None:
    from PIL import Image

    for number in range(40):
        (tmp_path / "pets" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        Image.new("L", (9, 9), number).save(tmp_path / "pets" / "ab"[number % 2] / f"{number}.png")
    for size in (0, 1000, 4000):
        with largest_file(size):
            told = pellucid("data", "audit", "pets")
        assert told.status == 1
        assert "The cache" in told.err
        assert "cannot be written (File too large). Free some space, or set PELLUCID_CACHE" in told.err
    assert pellucid("data", "audit", "pets").status == 0


def test_a_search_tells_that_its_storage_cannot_be_written(pellucid: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "space.json").write_text('{"learning_rate": [0.001, 0.01]}')
    with largest_file(20_000):
        told = pellucid(
            *("study", "search", "bars", *NETWORK, "--trials", 2, "--space", "space.json", "--out", "runs/study")
        )
    assert told.status == 1
    assert told.err.strip().splitlines()[-1].startswith("pellucid: ")


def test_pictures_that_are_a_link_are_not_followed(pellucid: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs" / "bars-one" / "pictures").symlink_to(tmp_path / "elsewhere")
    told = pellucid("filters", "runs/bars-one")
    assert told.status == 1
    assert "leads out of the run, and is not followed" in told.err
    assert list((tmp_path / "elsewhere").iterdir()) == []
