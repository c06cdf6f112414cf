"""The document that the page is told a run by."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.explore.payload import payload_of
from pellucid.explore.places import principal
from pellucid.predict.features import _signs
from pellucid.run.folder import RunFolder
from pellucid.trained.material import material_of

KINDS = {"float32": "<f4", "float16": "<f2", "int8": "i1", "uint8": "u1", "uint16": "<u2"}


def numbers(packed: dict[str, Any]) -> ndarray:
    """What the page makes of packed numbers."""
    values = np.frombuffer(base64.b64decode(packed["data"]), KINDS[packed["type"]]).reshape(packed["shape"])
    if "scale" not in packed:
        return values
    return values * np.array(packed["scale"]).reshape(-1, *[1] * (values.ndim - 1))


def images_in(sprite: dict[str, Any]) -> ndarray:
    """The images of a sprite, [count, height, width, channels]."""
    prefix, _, data = sprite["png"].partition(",")
    assert prefix == "data:image/png;base64"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    sheet = sheet.reshape(*sheet.shape[:2], -1)
    height, width, columns = sprite["height"], sprite["width"], sprite["columns"]
    rows = sheet.reshape(-1, height, columns, width, sheet.shape[2]).swapaxes(1, 2)
    return rows.reshape(-1, height, width, sheet.shape[2])[: sprite["count"]]


def document_of(run: pl.Run | Path, **settings: Any) -> dict[str, Any]:
    """The document as the page gets it."""
    loaded = None if isinstance(run, Path) else run
    folder = RunFolder(run) if isinstance(run, Path) else run.folder
    assert folder
    found = material_of(folder, loaded, device="cpu", **settings)
    return json.loads(json.dumps(payload_of(found), allow_nan=False))


@pytest.fixture(scope="module")
def run(bars_run: Path, bars: DataSplits) -> pl.Run:
    run = pl.load_run(bars_run, device="cpu")
    run.data = bars
    return run


@pytest.fixture(scope="module")
def document(run: pl.Run) -> dict[str, Any]:
    return document_of(run)


def test_numbers_of_the_network_are_the_runs(run: pl.Run, document: dict[str, Any]) -> None:
    network = document["network"]
    weights = run.model.state_dict()
    assert network["weights"].keys() == weights.keys()
    for name, packed in network["weights"].items():
        np.testing.assert_array_equal(numbers(packed), weights[name].numpy())
    assert network["temperature"] == run.record.temperature != 1
    assert (network["vote"], network["views"]) == (1, [])
    assert [layer["kind"] for layer in network["layers"]] == ["conv2d", "max_pooling2d", "flatten", "dense"]
    assert network["layers"][-1]["activation"] == "linear"
    assert document["layers"][-1]["activation"] == "softmax"
    assert network["multiply_adds"] == sum(layer["multiply_adds"] for layer in network["layers"])
    assert document["lacking"] is None
    assert document["remarks"] == []


def test_answers_are_those_of_the_run(run: pl.Run, document: dict[str, Any], bars: DataSplits) -> None:
    images, answers = images_in(document["images"]["sprite"]), document["images"]["answers"]
    rows = [answer["index"] for answer in answers]
    assert sorted(rows) == list(range(90))  # all of so few
    np.testing.assert_array_equal(images, bars.test.images[rows])
    said = run.probabilities(images)
    assert [answer["predicted"] for answer in answers] == said.argmax(axis=1).tolist()
    np.testing.assert_allclose([answer["probability"] for answer in answers], said.max(axis=1), atol=1e-6)
    assert [answer["label"] for answer in answers] == bars.test.labels[rows].tolist()
    wrong = [answer["label"] != answer["predicted"] for answer in answers]
    assert wrong == sorted(wrong, reverse=True)
    assert run.evaluation is None  # as it was loaded
    assert document["evaluation"]["accuracy"] == 1 - sum(wrong) / 90
    assert np.sum(document["evaluation"]["confusion"]) == 90


def test_doubt_is_that_of_the_run(run: pl.Run, document: dict[str, Any]) -> None:
    limits, doubts = run.predictor.limits(), run.predictor.doubts
    assert limits
    assert doubts
    assert doubts.classes
    told = document["doubt"]
    assert (told["keep"], told["doubtful_limit"]) == (limits.keep, limits.doubtful)
    foreign = told["foreign"]
    assert foreign["limit"] == limits.foreign
    width = len(doubts.classes.centre)
    whitening = np.zeros((width, width), np.float32)
    whitening[np.triu_indices(width)] = numbers(foreign["whitening"])
    np.testing.assert_allclose(whitening, doubts.classes.whitening, rtol=2e-3, atol=1e-3)
    for name in ("centre", "deviation", "means"):
        np.testing.assert_array_equal(numbers(foreign[name]), getattr(doubts.classes, name))


def test_random_sums_of_features_are_drawn_as_the_run_draws_them() -> None:
    from pellucid.explore.doubt import _signs as state

    told, mask = {name: int(text) for name, text in state().items()}, 2**128 - 1
    found, now = [], told["state"]
    for _ in range(300 * 256 // 64):  # as the comment in payload.ts has it
        now = (now * 0x2360ED051FC65DA44385DF649FCCF645 + told["increment"]) & mask
        mixed, turn = (now >> 64 ^ now) & (2**64 - 1), now >> 122
        found.append((mixed >> turn | mixed << (-turn & 63)) & (2**64 - 1))
    bits = np.unpackbits(np.array(found, "<u8").view(np.uint8)).reshape(300, 256)
    np.testing.assert_array_equal((2.0 * bits - 1) / 16, _signs(300).numpy())


def test_each_filter_and_class_has_a_picture_and_its_strongest_images(run: pl.Run, document: dict[str, Any]) -> None:
    assert document["units"].keys() == {"conv2d_1", "dense_1"}
    assert images_in(document["units"]["conv2d_1"]["maximised"]).shape == (4, 8, 8, 1)
    assert images_in(document["units"]["dense_1"]["maximised"]).shape == (3, 8, 8, 1)
    images = images_in(document["images"]["sprite"])
    with torch.inference_mode():
        batch = torch.from_numpy(images.copy()).permute(0, 3, 1, 2) / 255
        tops = run.model[0](batch).amax(dim=(2, 3)).numpy()
    for number, strongest in enumerate(document["units"]["conv2d_1"]["strongest"]):
        assert strongest == np.argsort(-tops[:, number], kind="stable")[:8].tolist()
    labels = [answer["label"] for answer in document["images"]["answers"]]
    assert [labels[own[0]] for own in document["units"]["dense_1"]["strongest"]] == [0, 1, 2]


def test_the_map_has_a_place_for_each_held_out_image(document: dict[str, Any], bars: DataSplits) -> None:
    told = document["map"]
    places = numbers(told["places"])
    assert places.shape == (90, 2)
    assert places.min() == 0
    assert places.max() == 65_535
    np.testing.assert_array_equal(numbers(told["labels"]), bars.test.labels)
    assert told["points"] == [answer["index"] for answer in document["images"]["answers"]]


def test_principal_components_are_those_of_the_whole_and_the_same_each_time() -> None:
    values = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32) * [5, 3, 1, 1, 1, 1]
    found = principal(values.astype(np.float32))
    left, lengths, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found), np.abs(left[:, :2] * lengths[:2]), atol=1e-4)
    np.testing.assert_array_equal(found, principal(values.astype(np.float32)))
    assert not principal(np.ones((5, 3), np.float32)).any()
    assert principal(np.arange(3, dtype=np.float32)[:, None]).shape == (3, 2)
