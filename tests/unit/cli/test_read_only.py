"""Folders that nothing may be written to: one message, and what was there is as it was."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .read_only import read_only
from .test_full_disk import NETWORK, files

DENIED = os.strerror(errno.EACCES)
RUN = "runs/bars-one"
REFUSED: dict[str, tuple[object, ...]] = {
    "train": ("train", "bars", *NETWORK),
    "train over a run": ("train", "bars", *NETWORK, "--out", RUN, "--overwrite"),
    "train further": ("train", "--resume", RUN, "--epochs", 9),
    "report": ("report", RUN, RUN),
    "plot": ("plot", RUN),
    "filters": ("filters", RUN),
    "data audit": ("data", "audit", "bars", "--html", "page.html"),
    "data clean": ("data", "clean", "bars", "--drop", "constant", "--out", "copy"),
    "study seeds": ("study", "seeds", "bars", *NETWORK, "--n", 2),
    "study search": ("study", "search", "bars", *NETWORK, "--trials", 2),
}
pytestmark = pytest.mark.filterwarnings("default::pellucid.errors.PellucidWarning")


@pytest.mark.parametrize("name", REFUSED)
def test_a_command_that_writes_is_refused(pellucid: Callable[..., Any], tmp_path: Path, name: str) -> None:
    before = files(tmp_path)
    with read_only(tmp_path):
        told = pellucid(*REFUSED[name])
    assert told.status == 1
    last = told.err.strip().splitlines()[-1]
    assert last.startswith("pellucid: ")
    assert DENIED in last or "nothing may be written to" in last
    assert files(tmp_path) == before


def test_a_run_that_cannot_be_written_to_is_judged_all_the_same(pellucid: Callable[..., Any], tmp_path: Path) -> None:
    accuracy = json.loads((tmp_path / RUN / "evaluation.json").read_text())["accuracy"]
    (tmp_path / RUN / "evaluation.json").unlink()
    before = files(tmp_path)
    with read_only(tmp_path):
        told = pellucid("evaluate", RUN, "--json")
    assert told.status == 0
    assert json.loads(told.out)["accuracy"] == accuracy
    assert f"({DENIED})" in told.err
    assert files(tmp_path) == before
