from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.filters import filters
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidError


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def pellucid(bars: DataSplits, bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in an empty folder with one run in it; the bars are in the catalogue."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
    shutil.copytree(bars_run, tmp_path / "runs" / "one")
    app = typer.Typer(rich_markup_mode=None)
    app.command()(filters)

    def call(*arguments: object) -> Outcome:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if isinstance(result.exception, PellucidError):
            return Outcome(result.exception.exit_status, result.stdout, f"{result.stderr}{result.exception}")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return call


def test_the_picture_goes_into_the_run_and_its_path_comes_last(pellucid: Command) -> None:
    status, out, err = pellucid("latest")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["filter", "norm", "mean", "min", "max", "positive"]
    assert len(lines) == 1 + 4 + 2
    assert lines[-1] == str(Path("runs/one/pictures/filters-conv2d_1.png"))
    assert Path(lines[-1]).read_bytes().startswith(b"\x89PNG")
    assert "share of the values of conv2d_1_relu above 0, on 240 training images" in err
    assert "dead (conv2d_1_relu gives 0 everywhere on 240 images)" in err


def test_json_has_the_figures_and_the_npz_the_weights(pellucid: Command) -> None:
    status, out, _ = pellucid("one", "--out", "f.svg", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["layer"] == "conv2d_1"
    assert (document["images"], document["measured_at"], document["untrained"]) == (240, "conv2d_1_relu", False)
    assert (document["picture"], document["numbers"]) == ("f.svg", "f.npz")
    assert Path("f.svg").read_bytes().startswith(b"<?xml")
    first = document["filters"][0]
    assert first.keys() == {
        "number", "norm", "mean", "minimum", "maximum", "bias", "positive_share", "dead", "duplicate_of",
    }  # fmt: skip
    with np.load("f.npz") as numbers:
        weights = pl.Predictor.load("runs/one").model.get_submodule("conv2d_1").weight.detach().numpy()
        assert np.array_equal(numbers["kernels"], weights.transpose(0, 2, 3, 1))
        assert numbers["norm"].tolist() == [each["norm"] for each in document["filters"]]
        assert numbers["duplicate_of"].tolist() == [-1] * 4


def test_the_control_is_another_picture_of_other_weights(pellucid: Command) -> None:
    trained = json.loads(pellucid("one", "--json").out)
    control = json.loads(pellucid("one", "--untrained", "--json").out)
    assert control["untrained"]
    assert control["picture"] != trained["picture"]
    assert control["filters"] != trained["filters"]


def test_without_data_the_weights_alone_tell(pellucid: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(pellucid("one", "--no-data", "--json").out)
    assert document["measured_at"] is None
    assert document["filters"][0]["positive_share"] is None
    monkeypatch.delitem(catalogue.CATALOGUE, "bars")
    status, out, err = pellucid("one")
    assert status == 0
    assert "which is not here. Bring it back to look at its images. Dead filters are judged by their weights" in err
    assert "positive:" not in err
    assert out.splitlines()[1].split()[5] == "-"


def test_dead_and_duplicate_filters_are_named(pellucid: Command) -> None:
    run = pl.load_run("runs/one")
    convolution = run.model.get_submodule("conv2d_1")
    convolution.bias.data[1] = -100
    convolution.weight.data[3] = convolution.weight.data[0] * 2
    run.save("runs/two")
    rows = [line.split(maxsplit=6) for line in pellucid("two").out.splitlines()]
    assert rows[2][6] == "dead"
    assert rows[4][6] == "like 0"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("one", "--layer", "conv2d1"), 2, "Unknown convolution 'conv2d1'. Did you mean conv2d_1?"),
        (("one", "--out", "f.pdf"), 2, "Unknown picture format '.pdf'"),
        (("onee",), 1, "There is no run onee. Did you mean one?"),
        (("one", "--no-such"), 2, "No such option"),
    ],
)
def test_bad_input_is_told(pellucid: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    outcome = pellucid(*arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert outcome.out == ""


def test_a_run_without_a_convolution_is_told(pellucid: Command, bars: DataSplits) -> None:
    pl.fit(bars, model="flatten, dense 3 softmax", epochs=1, batch_size=64, out="runs/flat")
    status, _, err = pellucid("flat")
    assert status == 1
    assert "needs a network with a convolution" in err


def test_help_has_examples(pellucid: Command) -> None:
    assert "pellucid filters latest --untrained" in pellucid("--help").out
