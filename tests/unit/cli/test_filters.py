from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits

Command = Callable[..., Any]


@pytest.fixture(name="filters")
def _filters(pellucid: Command) -> Command:
    """The command."""
    return partial(pellucid, "filters")


def test_the_picture_goes_into_the_run_and_its_path_comes_last(filters: Command) -> None:
    status, out, err = filters("latest")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split() == ["filter", "norm", "mean", "min", "max", "positive"]
    assert len(lines) == 1 + 4 + 2
    assert lines[-1] == str(Path("runs/bars-one/pictures/filters-conv2d_1.png"))
    assert Path(lines[-1]).read_bytes().startswith(b"\x89PNG")
    assert "share of the values of conv2d_1_relu above 0, on 213 training images" in err
    assert "dead (conv2d_1_relu gives 0 everywhere on 213 images)" in err


def test_json_has_the_figures_and_the_npz_the_weights(filters: Command) -> None:
    status, out, _ = filters("bars-one", "--out", "f.svg", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["layer"] == "conv2d_1"
    assert (document["images"], document["measured_at"], document["untrained"]) == (213, "conv2d_1_relu", False)
    assert (document["picture"], document["numbers"]) == ("f.svg", "f.npz")
    assert Path("f.svg").read_bytes().startswith(b"<?xml")
    first = document["filters"][0]
    assert first.keys() == {
        "number", "norm", "mean", "minimum", "maximum", "bias", "positive_share", "dead", "duplicate_of",
    }  # fmt: skip
    with np.load("f.npz") as numbers:
        weights = pl.Predictor.load("runs/bars-one").model.get_submodule("conv2d_1").weight.detach().numpy()
        assert np.array_equal(numbers["kernels"], weights.transpose(0, 2, 3, 1))
        assert numbers["norm"].tolist() == [each["norm"] for each in document["filters"]]
        assert numbers["duplicate_of"].tolist() == [-1] * 4


def test_the_control_is_another_picture_of_other_weights(filters: Command) -> None:
    trained = json.loads(filters("bars-one", "--json").out)
    control = json.loads(filters("bars-one", "--untrained", "--json").out)
    assert control["untrained"]
    assert control["picture"] != trained["picture"]
    assert control["filters"] != trained["filters"]


def test_without_data_the_weights_alone_tell(filters: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(filters("bars-one", "--no-data", "--json").out)
    assert document["measured_at"] is None
    assert document["filters"][0]["positive_share"] is None
    monkeypatch.delitem(catalogue.CATALOGUE, "bars")
    status, out, err = filters("bars-one")
    assert status == 0
    assert "which is not here. Bring it back, or give other data. Dead filters are judged by their weights" in err
    assert "positive:" not in err
    assert out.splitlines()[1].split()[5] == "-"


def test_dead_and_duplicate_filters_are_named(filters: Command) -> None:
    run = pl.load_run("runs/bars-one")
    convolution = run.model.get_submodule("conv2d_1")
    convolution.bias.data[1] = -100
    convolution.weight.data[3] = convolution.weight.data[0] * 2
    run.save("runs/two")
    rows = [line.split(maxsplit=6) for line in filters("two").out.splitlines()]
    assert rows[2][6] == "dead"
    assert rows[4][6] == "like 0"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("bars-one", "--layer", "conv2d1"), 2, "Unknown convolution 'conv2d1'. Did you mean conv2d_1?"),
        (("bars-one", "--out", "f.pdf"), 2, "Unknown picture format '.pdf'"),
        (("bars-onee",), 1, "There is no run bars-onee. Did you mean bars-one?"),
        (("bars-one", "--no-such"), 2, "No such option"),
    ],
)
def test_bad_input_is_told(filters: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    outcome = filters(*arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert outcome.out == ""


def test_a_run_without_a_convolution_is_told(filters: Command, bars: DataSplits) -> None:
    pl.fit(bars, model="flatten, dense 3 softmax", epochs=1, batch_size=64, out="runs/flat")
    status, _, err = filters("flat")
    assert status == 1
    assert "needs a network with a convolution" in err


def test_help_has_examples(filters: Command) -> None:
    assert "pellucid filters latest --untrained" in filters("--help").out


def test_the_users_own_arrays_are_not_replaced_by_the_numbers_of_a_picture(filters: Command, tmp_path: Path) -> None:
    mine = tmp_path / "photos.npz"
    mine.write_bytes(b"years of work")
    status, _, err = filters("latest", "--out", tmp_path / "photos.png")
    assert status == 1
    assert "the numbers of photos.png would replace it. Choose another --out." in err
    assert mine.read_bytes() == b"years of work"
    assert not (tmp_path / "photos.png").exists()
    for _ in range(2):  # a picture of Pellucid's own is drawn again over the older one
        assert filters("latest", "--out", tmp_path / "other.png")[0] == 0


def test_a_picture_without_numbers_vouches_for_no_arrays(pellucid: Command, filters: Command, tmp_path: Path) -> None:
    mine, picture = tmp_path / "data.npz", tmp_path / "data.png"
    mine.write_bytes(b"years of work")
    assert pellucid("data", "show", "mnist", "--out", picture)[0] == 0  # it writes no numbers, and so replaces none
    assert filters("latest", "--out", picture)[0] == 1
    assert mine.read_bytes() == b"years of work"
