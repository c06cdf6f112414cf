from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.feature_maps import feature_maps
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.errors import PellucidError


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Outcome]
LAYERS = ["input", "conv2d_1", "conv2d_1_relu", "max_pooling2d_1", "flatten_1", "dense_1", "softmax"]


@pytest.fixture
def pellucid(bars: DataSplits, bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in an empty folder with one run and one image in it; the bars are in the catalogue."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)
    shutil.copytree(bars_run, tmp_path / "runs" / "one")
    Image.fromarray(bars.test.images[0, ..., 0]).save("my bar.png")
    app = typer.Typer(rich_markup_mode=None)
    app.command()(feature_maps)

    def call(*arguments: object) -> Outcome:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if isinstance(result.exception, PellucidError):
            return Outcome(result.exception.exit_status, result.stdout, f"{result.stderr}{result.exception}")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return call


def test_the_picture_goes_into_the_run_and_its_path_comes_last(pellucid: Command) -> None:
    status, out, err = pellucid("latest", "my bar.png")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == LAYERS
    assert lines[2].split()[:2] == ["conv2d_1", "6x6x4"]
    assert lines[-1] == str(Path("runs/one/pictures/feature-maps-my-bar-png.png"))
    assert Path(lines[-1]).read_bytes().startswith(b"\x89PNG")
    assert err.startswith("answer ")


def test_json_has_the_figures_and_the_npz_all_values(pellucid: Command, bars: DataSplits) -> None:
    status, out, _ = pellucid("one", "test:17", "--out", "f.svg", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["image"] == "bars, test image 17"
    assert document["true_class"] == bars.class_names[bars.test.labels[17]]
    assert [layer["name"] for layer in document["layers"]] == LAYERS
    assert document["layers"][1]["shape"] == [6, 6, 4]
    assert sum(document["probabilities"].values()) == pytest.approx(1)
    assert (document["picture"], document["numbers"]) == ("f.svg", "f.npz")
    with np.load("f.npz") as numbers:
        assert list(numbers) == LAYERS
        assert np.allclose(numbers["input"], bars.test.images[17] / 255)


def test_one_layer_alone_and_the_control_are_other_pictures(pellucid: Command) -> None:
    calls = [(), ("--layer", "conv2d_1"), ("--layer", "softmax"), ("--untrained",), ("--invert",)]
    documents = [json.loads(pellucid("one", "train:0", "--json", *options).out) for options in calls]
    assert len({document["picture"] for document in documents}) == len(calls)
    trained, _, _, control, inverted = (document["probabilities"] for document in documents)
    assert trained != control
    assert trained != inverted


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("one", "test:0", "--layer", "conv2d1"), 2, "Unknown layer 'conv2d1'. Did you mean conv2d_1? Known: input"),
        (("one", "test:90"), 1, "The test split of bars has images 0 to 89; received 90"),
        (("one", "val:0"), 2, "Unknown split 'val'"),
        (("one", "missing.png"), 1, "missing.png: the image cannot be read"),
        (("one", "runs/one/run.json"), 1, "run.json: not an image that can be read"),
        (("one", "test:0", "--out", "f.pdf"), 2, "Unknown picture format '.pdf'"),
        (("one",), 2, "Missing argument"),
    ],
)
def test_bad_input_is_told(pellucid: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    outcome = pellucid(*arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert outcome.out == ""


def test_a_run_without_a_convolution_does(pellucid: Command, bars: DataSplits) -> None:
    pl.fit(bars, model="flatten, dense 3 softmax", epochs=1, batch_size=64, out="runs/flat")
    status, out, _ = pellucid("flat", "test:0", "--json")
    assert status == 0
    assert [layer["name"] for layer in json.loads(out)["layers"]] == ["input", "flatten_1", "dense_1", "softmax"]


def test_weights_that_are_not_finite_are_told(pellucid: Command) -> None:
    run = pl.load_run("runs/one")
    run.model.get_submodule("dense_1").bias.data[0] = float("nan")
    run.save("runs/two")
    status, _, err = pellucid("two", "test:0")
    assert status == 1
    assert "weights must be finite; received others in dense_1.bias" in err


def test_help_has_examples(pellucid: Command) -> None:
    assert "pellucid feature-maps latest test:17 --layer conv2d_1" in pellucid("--help").out
