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

Command = Callable[..., Any]
LAYERS = ["input", "conv2d_1", "conv2d_1_relu", "max_pooling2d_1", "flatten_1", "dense_1", "softmax"]


@pytest.fixture(name="feature_maps")
def _feature_maps(pellucid: Command, bars: DataSplits) -> Command:
    """The command; an image lies beside the run."""
    Image.fromarray(bars.test.images[0, ..., 0]).save("my bar.png")
    return partial(pellucid, "feature-maps")


def test_the_picture_goes_into_the_run_and_its_path_comes_last(feature_maps: Command) -> None:
    status, out, err = feature_maps("latest", "my bar.png")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == LAYERS
    assert lines[2].split()[:2] == ["conv2d_1", "6x6x4"]
    assert lines[-1] == str(Path("runs/bars-one/pictures/feature-maps-my-bar-png.png"))
    assert Path(lines[-1]).read_bytes().startswith(b"\x89PNG")
    assert err.startswith("answer ")


def test_json_has_the_figures_and_the_npz_all_values(feature_maps: Command, bars: DataSplits) -> None:
    status, out, _ = feature_maps("bars-one", "test:17", "--out", "f.svg", "--json")
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


def test_one_layer_alone_and_the_control_are_other_pictures(feature_maps: Command) -> None:
    calls = [(), ("--layer", "conv2d_1"), ("--layer", "softmax"), ("--untrained",), ("--invert",)]
    documents = [json.loads(feature_maps("bars-one", "train:0", "--json", *options).out) for options in calls]
    assert len({document["picture"] for document in documents}) == len(calls)
    trained, _, _, control, inverted = (document["probabilities"] for document in documents)
    assert trained != control
    assert trained != inverted


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (
            ("bars-one", "test:0", "--layer", "conv2d1"),
            2,
            "Unknown layer 'conv2d1'. Did you mean conv2d_1? Known: input",
        ),
        (("bars-one", "test:90"), 1, "The test split of bars has images 0 to 89; received 90"),
        (("bars-one", "val:0"), 2, "Unknown split 'val'"),
        (("bars-one", "missing.png"), 1, "missing.png: the image cannot be read"),
        (("bars-one", "runs/bars-one/run.json"), 1, "run.json: not an image that can be read"),
        (("bars-one", "test:0", "--out", "f.pdf"), 2, "Unknown picture format '.pdf'"),
        (("bars-one",), 2, "Missing argument"),
    ],
)
def test_bad_input_is_told(feature_maps: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    outcome = feature_maps(*arguments)
    assert outcome.status == status
    assert message in outcome.err
    assert outcome.out == ""


def test_a_run_without_a_convolution_does(feature_maps: Command, bars: DataSplits) -> None:
    pl.fit(bars, model="flatten, dense 3 softmax", epochs=1, batch_size=64, out="runs/flat")
    status, out, _ = feature_maps("flat", "test:0", "--json")
    assert status == 0
    assert [layer["name"] for layer in json.loads(out)["layers"]] == ["input", "flatten_1", "dense_1", "softmax"]


def test_weights_that_are_not_finite_are_told(feature_maps: Command) -> None:
    run = pl.load_run("runs/bars-one")
    run.model.get_submodule("dense_1").bias.data[0] = float("nan")
    run.save("runs/two")
    status, _, err = feature_maps("two", "test:0")
    assert status == 1
    assert "model.safetensors holds numbers in dense_1.bias that are not finite" in err


def test_help_has_examples(feature_maps: Command) -> None:
    assert "pellucid feature-maps latest test:17 --layer conv2d_1" in feature_maps("--help").out
