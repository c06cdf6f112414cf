"""A fifth of the tutorial's training, in a file of its own, so that it goes on beside all other tests.

All 15 epochs, from several seeds, are in docs/benchmarks.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).parent / "pellucid")


@pytest.mark.slow
def test_the_recipe_tutorial_is_on_its_way_to_the_tutorials_accuracy(tmp_path: Path) -> None:
    threads = {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}  # as many as a user has
    as_it_comes = {name: value for name, value in os.environ.items() if name not in threads}
    command = [PROGRAM, "train", "--recipe", "tutorial", "--epochs", "3", "--out", "run", "--json"]
    result = subprocess.run(command, cwd=tmp_path, env=as_it_comes, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["results"]["epochs"] == 3
    # The tutorial reports 98.93% after 15 epochs.
    assert document["results"]["test"]["accuracy_interval"][1] > 0.987
    assert document["results"]["test"]["loss"] < 0.06
