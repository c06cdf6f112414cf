"""What a run or a study names as code is run only when the caller says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.app import app
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError, SpecError
from pellucid.study.runner import resume_study, run_study
from pellucid.study.seeds import SeedStudy
from pellucid.train.choice import choose

CODE = """
from pathlib import Path

from torch import nn

Path("was-run").touch()


def make():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


def leave():
    raise SystemExit(0)
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of a stranger, which leaves a trace where it is run; one a test, as Python imports each once."""
    name = f"of_a_stranger_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return name


@pytest.fixture
def strange_run(bars_run: Path, tmp_path: Path, code: str) -> Path:
    """A run that names that code."""
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    record = json.loads((path / "run.json").read_text())
    record["model"] = {"factory": f"{code}:make", "input_shape": [8, 8, 1], "classes": 3}
    record["status"], record["results"] = "running", None
    (path / "run.json").write_text(json.dumps(record))
    return path


def test_loading_runs_no_code(strange_run: Path) -> None:
    for load in (pl.load_run, pl.Predictor.load, pl.resume):
        with pytest.raises(RunError, match=r"is made by code, of_a_stranger_\d+:make.* give --trust"):
            load(strange_run)
    assert not Path("was-run").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "run"),
        ("predict", "run", "one.png"),
        ("filters", "run"),
        ("feature-maps", "run", "one.png"),
        ("maximize", "run"),
        ("attribute", "run", "one.png"),
        ("train", "--resume", "run"),
        ("study", "compare", "run", "run"),
        ("data", "audit", "bars.npz", "--labels", "run"),
    ],
)
def test_no_command_runs_code_of_a_run(strange_run: Path, bars: DataSplits, words: tuple[str, ...]) -> None:
    np.savez("bars.npz", images=bars.train.images, labels=bars.train.labels)
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, RunError)
    assert "would be run here" in str(done.exception)
    assert not Path("was-run").exists()


@pytest.mark.parametrize("words", [("--trust", "predict", "run"), ("predict", "run", "--trust")])
def test_trusted_code_is_run(strange_run: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "one.png"])
    assert "of another network" in str(done.exception)  # the weights, which are of the run as it was
    assert Path("was-run").exists()


def test_a_run_of_ones_own_code_is_loaded_when_that_is_said(bars: DataSplits, code: str) -> None:
    run = pl.fit(bars, model=f"{code}:make", epochs=1, out="own")
    again = pl.load_run("own", trust=True)
    assert (again.probabilities(bars.test.images) == run.probabilities(bars.test.images)).all()
    with pytest.raises(RunError, match="would be run here"):  # it was said of that one time alone
        pl.load_run("own")


def test_going_on_with_a_study_runs_no_code(bars: DataSplits, code: str) -> None:
    recipe = choose(bars, model=f"{code}:make", epochs=1)
    done = run_study(SeedStudy(subject=recipe, n=2), bars, out="study")
    with pytest.raises(RunError, match="would be run here"):
        resume_study(done.path, data=bars)
    assert resume_study(done.path, data=bars, trust=True).findings == done.findings


def test_code_that_ends_the_program_is_a_fault(bars: DataSplits, code: str) -> None:
    with pytest.raises(SpecError, match="must not fail"):
        pl.fit(bars, model=f"{code}:leave", epochs=1)
