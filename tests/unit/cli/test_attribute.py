"""`pellucid attribute` in this process, on a run that is there already."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.interpret.attribution.methods import METHODS

Command = Callable[..., Any]


@pytest.fixture
def explain(pellucid: Command) -> Command:
    """The command."""
    return partial(pellucid, "attribute")


def test_all_methods_are_shown_and_the_picture_comes_last(explain: Command) -> None:
    status, out, _ = explain("bars-one", "test:1")
    assert status == 0
    first, _, *rows, chance, picture = out.splitlines()
    assert first.startswith("Which pixels speak for class upright (")
    assert [row.split()[0] for row in rows] == list(METHODS)
    assert "logit change" in rows[2]
    assert chance.startswith("random order")
    assert picture == "runs/bars-one/pictures/attribution-test-1.png"
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    with np.load(Path(picture).with_suffix(".npz")) as arrays:
        assert arrays["image"].shape == (8, 8, 1)
        assert arrays["map_grad_cam"].shape == (8, 8)
        assert arrays["moved"].shape == arrays["deletion_occlusion"].shape == arrays["insertion_occlusion"].shape
        assert arrays["deletion_random"].shape == arrays["insertion_random"].shape == (8, 51)


def test_a_document_holds_all_that_is_shown(explain: Command) -> None:
    status, out, _ = explain("bars-one", "test:1", "--json")
    assert status == 0
    document = json.loads(out)
    assert document["image"] == "bars, test image 1"
    assert (document["label"], document["answer"], document["class"]) == ("upright",) * 3
    assert (document["seed"], document["untrained"], document["baseline"]) == (0, False, "black")
    assert list(document["methods"]) == list(METHODS)
    assert document["methods"]["grad_cam"]["layer"] == "conv2d_1"
    shares = document["methods"]["integrated_gradients"]
    assert shares["degenerate"] is None
    assert shares["completeness"]["holds"]
    assert shares["completeness"]["sum"] == pytest.approx(shares["completeness"]["logit_change"], rel=0.01)
    assert 0 <= shares["deletion"] < document["random_order"]["deletion"]["least"]
    assert shares["against_random_order"] == {"deletion": "below", "insertion": "above"}
    assert set(shares["random_weights"]) == {"rank_correlation", "signed_rank_correlation", "verdict"}
    assert Path(document["picture"]).exists()
    assert Path(document["numbers"]).exists()


def test_the_same_command_gives_the_same_picture(explain: Command) -> None:
    files = [Path(f"{name}.png") for name in ("one", "two", "three")]
    for path, seed in zip(files, (0, 0, 1), strict=True):
        assert explain("bars-one", "test:0", "--method", "smoothgrad", "--out", path, "--seed", seed).status == 0
    first, second, third = (path.read_bytes() for path in files)
    assert first == second != third


def test_class_layer_methods_and_file_may_be_chosen(explain: Command, bars: DataSplits) -> None:
    Image.fromarray(255 - bars.test.images[0, ..., 0]).save("dark.png")
    arguments = ("--method", "grad-cam", "--method", "saliency", "--method", "saliency", "--layer", "max_pooling2d_1")
    status, out, _ = explain("bars-one", "dark.png", "--invert", "--class", "aslant", *arguments, "--json")
    assert status == 0
    document = json.loads(out)
    assert (document["class"], document["label"], document["answer"]) == ("aslant", None, "across")
    assert {name: row["layer"] for name, row in document["methods"].items()} == {
        "grad_cam": "max_pooling2d_1",
        "saliency": None,
    }
    assert document["picture"].endswith("attribution-dark-png-class-aslant.png")


def test_the_control_explains_the_class_that_the_trained_network_gives(explain: Command) -> None:
    status, out, _ = explain("bars-one", "test:2", "--untrained", "--method", "occlusion", "--json", "--out", "c.svg")
    assert status == 0
    document = json.loads(out)
    assert (document["untrained"], document["class"], document["answer"]) == (True, "aslant", "aslant")
    assert Path("c.svg").read_text().startswith("<?xml")
    assert explain("bars-one", "test:2", "--untrained", "--method", "occlusion").out.endswith(
        "attribution-test-2-untrained.png\n"
    )


def test_methods_that_need_maps_are_left_out_where_there_are_none(explain: Command, bars: DataSplits) -> None:
    pl.fit(bars, model="flatten, dense 3 softmax", epochs=1, batch_size=16, out="runs/flat")
    status, out, err = explain("flat", "test:0", "--json")
    assert status == 0
    assert list(json.loads(out)["methods"]) == ["saliency", "smoothgrad", "integrated_gradients", "occlusion"]
    assert "grad_cam, layer_cam: left out, since no layer of the network has maps larger than 1x1" in err
    status, _, err = explain("flat", "test:0", "--method", "grad_cam")
    assert status == 1
    assert "Methods without a layer: saliency" in err
    status, _, err = explain("flat", "test:0", "--layer", "dense_1")
    assert status == 2
    assert "needs a layer with maps larger than 1x1; received dense_1" in err


def test_degenerate_maps_are_told_everywhere(explain: Command, edit_weights: Callable[..., None]) -> None:
    edit_weights(lambda weights: weights["conv2d_1.bias"].fill(-1000))
    status, out, err = explain("bars-one", "test:0", "--json")
    assert status == 0
    methods = json.loads(out)["methods"]
    assert methods["grad_cam"]["degenerate"] == "no map of the layer speaks for the class"
    assert methods["saliency"]["degenerate"] == "all values are zero"
    assert methods["saliency"]["deletion"] is None
    assert methods["saliency"]["against_random_order"] == {"deletion": None, "insertion": None}
    assert "saliency: no map: all values are zero" in err
    status, out, _ = explain("bars-one", "test:0", "--method", "saliency")
    assert status == 0
    assert "all values are zero" in out


def test_random_weights_without_a_map_are_told(explain: Command) -> None:
    Image.new("L", (8, 8)).save("black.png")
    status, out, err = explain("bars-one", "black.png", "--method", "layer_cam", "--json")
    assert status == 0, err
    row = json.loads(out)["methods"]["layer_cam"]
    assert row["random_weights"]["rank_correlation"] is None
    assert row["random_weights"]["verdict"] is None


def test_weights_that_are_not_finite_are_told(explain: Command, edit_weights: Callable[..., None]) -> None:
    edit_weights(lambda weights: weights["dense_1.bias"].fill(np.nan))
    for arguments in ((), ("--method", "saliency")):
        status, out, err = explain("bars-one", "test:0", *arguments)
        assert (status, out) == (1, "")
        assert "model.safetensors holds numbers in dense_1.bias that are not finite" in err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("bars-two", "test:0"), 1, "bars-two"),
        (("bars-one", "nothing.png"), 1, "nothing.png"),
        (("bars-one", "test:900"), 1, "images 0 to 89; received 900"),
        (("bars-one", "tset:0"), 2, "Unknown split 'tset'. Did you mean test?"),
        (("bars-one", "test:0", "--method", "gradcam"), 2, "Unknown method 'gradcam'. Did you mean grad_cam?"),
        (("bars-one", "test:0", "--method", "all", "--method", "x"), 2, "Unknown method 'x'. Known: saliency"),
        (("bars-one", "test:0", "--class", "4"), 2, "Unknown class '4'"),
        (("bars-one", "test:0", "--layer", "conv_1"), 2, "Unknown layer 'conv_1'. Did you mean conv2d_1?"),
        (("bars-one", "test:0", "--layer", "flatten_1"), 2, "received flatten_1. Layers with such maps: conv2d_1,"),
        (
            ("bars-one", "test:0", "--layer", "conv2d_1", "--method", "saliency"),
            2,
            "A layer goes with grad_cam, layer_cam",
        ),
        (("bars-one", "test:0", "--out", "a.jpg"), 2, "Unknown picture format '.jpg'"),
        (("bars-one",), 2, "Missing argument 'IMAGE'"),
    ],
)
def test_bad_input_is_told(explain: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    outcome = explain(*arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert outcome.out == ""


def test_help_has_examples(explain: Command) -> None:
    assert "pellucid attribute latest test:17 --class 3" in explain("--help").out
