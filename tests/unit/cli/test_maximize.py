from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "bars-one"


@pytest.fixture
def call(pellucid: Callable[..., Any]) -> Callable[..., Any]:
    """The command, with a few steps."""
    return partial(pellucid, "maximize", "bars-one", "--steps", 3)


def test_all_classes_by_both_methods(call, run: Path) -> None:
    status, out, err = call()
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["target", "method", "reads", "activation", "distance"]
    assert [line.split()[:2] for line in lines[1:7]] == [
        [name, method] for method in ("raw", "constrained") for name in ("across", "upright", "aslant")
    ]
    assert lines[-1] == str(Path("runs/bars-one/pictures/maximize-classes.png"))
    assert Path(lines[-1]).exists()
    assert "raw: of 24 pictures" in err
    assert "read as their class" in err
    with np.load(lines[-2]) as numbers:
        assert numbers["targets"].tolist() == ["across", "upright", "aslant"]
        assert numbers["constrained_images"].shape == (3, 8, 8, 8, 1)
        assert numbers["raw_history"].shape == (3, 3, 8)


def test_one_json_document_with_all_files(call, run: Path) -> None:
    status, out, _ = call("--class", "aslant", "--starts", 2, "--animate", "--singles", "--json", "--out", "a.svg")
    assert status == 0
    document = json.loads(out)
    assert document["starts"] == 2
    assert "frames" not in document
    assert document["reference"]["images"] + document["reference"]["held_out"] == 240
    assert document["methods"]["raw"]["drawn_as"] == "pixels"
    assert document["methods"]["constrained"]["drawn_as"].startswith("24 principal components of ")
    assert [(row["label"], row["method"]) for row in document["pictures"]] == [
        ("aslant", "raw"),
        ("aslant", "constrained"),
    ]
    assert [document["picture"], document["numbers"], document["animation"]] == ["a.svg", "a.npz", "a.gif"]
    assert document["singles"] == [str(Path("a/raw-aslant.png")), str(Path("a/constrained-aslant.png"))]
    with Image.open(document["animation"]) as gif:
        assert gif.n_frames > 1
    with Image.open(document["singles"][0]) as single:
        assert single.size == (8, 8)
    assert Path("a.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_files_are_listed_with_the_picture_last(call) -> None:
    _, out, _ = call("--class", "aslant", "--method", "raw", "--animate", "--singles", "--out", "a.png")
    assert out.splitlines()[-4:] == [str(Path("a/raw-aslant.png")), "a.gif", "a.npz", "a.png"]


def test_filters_and_neurons_of_a_layer(call) -> None:
    def labels(*options: object) -> list[str]:
        status, out, _ = call("--layer", "conv2d_1", "--method", "constrained", "--json", *options)
        assert status == 0
        return [row["label"] for row in json.loads(out)["pictures"]]

    assert labels() == [f"conv2d_1 {number}" for number in range(4)]
    assert labels("--filter", 2) == ["conv2d_1 2"]
    assert labels("--neuron", "1,5,0") == ["conv2d_1 1 at 5,0"]
    assert labels("--filter", 3, "--neuron", "1, 5, 0") == ["conv2d_1 3", "conv2d_1 1 at 5,0"]
    assert len(labels("--layer", "dense_1")) == 7


def test_filters_are_not_read(call) -> None:
    status, _, err = call("--layer", "conv2d_1", "--method", "raw")
    assert status == 0
    assert "raw: of 8 pictures" in err
    assert "read as" not in err


def test_the_untrained_control_says_so(call) -> None:
    status, out, _ = call("--untrained", "--json", "--class", 0)
    document = json.loads(out)
    assert status == 0
    assert document["untrained"]
    assert document["picture"].endswith("maximize-classes-untrained.png")


def test_waves_without_the_prior(call) -> None:
    document = json.loads(call("--no-prior", "--json").out)
    assert document["methods"]["constrained"]["drawn_as"] == "waves, without a prior from data"
    assert document["methods"]["constrained"]["median_distance"] > 0


def test_without_the_data_there_is_neither_prior_nor_legibility(call, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> DataSplits:
        raise DataError("It is gone.")

    monkeypatch.setitem(catalogue.CATALOGUE, "bars", gone)
    status, out, err = call()
    assert status == 0
    assert err == "It is gone. So there is no prior from data, and legibility is not measured.\n"
    assert out.splitlines()[1].split() == ["across", "raw", "-", out.splitlines()[1].split()[3], "-"]
    document = json.loads(call("--json").out)
    assert document["reference"] is None
    assert document["methods"]["constrained"]["median_distance"] is None


def test_a_dead_target_is_crossed_out(call, edit_weights: Callable[..., None]) -> None:
    edit_weights(lambda weights: weights["dense_1.weight"][1].fill(0))
    status, out, _ = call("--method", "raw", "--singles")
    assert status == 0
    assert out.splitlines()[2].split()[:3] == ["upright", "raw", "dead"]
    assert not any("upright.png" in line for line in out.splitlines())
    edit_weights(lambda weights: weights["dense_1.weight"].fill(0))
    assert call().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "pure"), "Unknown method 'pure'"),
        (("--class", "upwright"), "Did you mean upright?"),
        (("--class", 0, "--layer", "conv2d_1"), "--class and --layer must not stand together"),
        (("--filter", 1), "--filter and --neuron need one --layer; received 0"),
        (("--layer", "conv2d_1", "--layer", "dense_1", "--neuron", "1,1,1"), "need one --layer; received 2"),
        (("--layer", "conv2d_1", "--neuron", "1,1"), "--neuron must be three numbers, N,ROW,COL; received 1,1"),
        (("--layer", "conv2d_1", "--neuron", "1,-1,0"), "received 1,-1,0"),
        (("--layer", "conv2d"), "Known: conv2d_1, dense_1"),
        (("--layer", "conv2d_1", "--filter", 4), "from 0 to 3 in conv2d_1; received 4"),
        (("--out", "a.jpg"), "Unknown picture format '.jpg'"),
    ],
)
def test_wrong_usage_is_told(call, options: tuple[object, ...], message: str) -> None:
    status, out, err = call(*options)
    assert status == 2
    assert out == ""
    assert message in err


def test_help_has_examples(call) -> None:
    status, out, _ = call("--help")
    assert status == 0
    assert "pellucid maximize latest --untrained --json" in out
