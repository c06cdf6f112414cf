"""The document that the page is told a run by."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import RunError
from pellucid.explore import network
from pellucid.explore.doubt import Rounded
from pellucid.explore.held_out import HeldOut
from pellucid.explore.images import images_of
from pellucid.explore.packed import packed
from pellucid.explore.payload import payload_of
from pellucid.explore.places import principal
from pellucid.explore.record import reading_of
from pellucid.judge.gaussians import Gaussians
from pellucid.predict.features import _signs
from pellucid.predict.predictor import Predictor
from pellucid.run.folder import RunFolder
from pellucid.run.record import Look
from pellucid.spec.layers import LAYERS
from pellucid.spec.model import FactorySpec
from pellucid.trained.material import material_of

Faults = Callable[[Any], list[str]]
KINDS = {"float32": "<f4", "float16": "<f2", "int8": "i1", "int4": "i1", "uint8": "u1", "uint16": "<u2"}


def numbers(packed: dict[str, Any]) -> ndarray:
    """What the page makes of packed numbers."""
    values = np.frombuffer(base64.b64decode(packed["data"]), KINDS[packed["type"]])
    if packed["type"] == "int4":
        values = np.stack([values << 4, values], axis=1).ravel()[: math.prod(packed["shape"])] >> 4
    return values.reshape(packed["shape"])


def triangles(factors: dict[str, Any]) -> ndarray:
    """What the page makes of the factors of all classes: lower triangles, row by row."""
    diagonal, left, scales = (numbers(factors[name]) for name in ("diagonal", "left", "scales"))
    count, width = diagonal.shape
    rows, columns = np.tril_indices(width)
    found = np.zeros((count, len(rows)), np.float32)
    found[:, rows == columns] = diagonal
    found[:, rows != columns] = left * scales.astype(np.float32)[:, rows[rows != columns]]
    return found


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
    loaded, folder = (None, RunFolder(run)) if isinstance(run, Path) else (run, run.folder)
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


@pytest.fixture(scope="module")
def vote(tmp_path_factory: pytest.TempPathFactory, hostile_names: tuple[str, ...]) -> pl.Run:
    """Two networks, in colour, with test-time views, more features than are kept, and 300 classes of any names."""
    random = np.random.default_rng(0)
    names = (*hostile_names, "</script><b>", *(f"class {number}" for number in range(296)))
    parts = [
        ImageDataset(random.integers(0, 256, (count, 8, 8, 3), np.uint8), np.arange(count) % 300, names)
        for count in (900, 600)
    ]
    return pl.fit(
        DataSplits("many", *parts),
        model="conv 4 3x3 relu, batchnorm, flatten, dense 20 relu, dense 300 softmax",
        epochs=1,
        vote=2,
        test_time_augmentation="shift=0.1,horizontal_flip",
        out=tmp_path_factory.mktemp("runs") / "vote",
        device="cpu",
    )


@pytest.fixture(scope="module")
def wide(vote: pl.Run) -> dict[str, Any]:
    """Its document."""
    return document_of(vote, whole=False)


def test_numbers_of_the_network_are_the_runs(run: pl.Run, document: dict[str, Any], faults_in_payload: Faults) -> None:
    assert faults_in_payload(document) == []
    network = document["network"]
    weights = run.model.state_dict()
    assert network["weights"].keys() == weights.keys()
    for name, values in network["weights"].items():
        np.testing.assert_array_equal(numbers(values), weights[name].numpy())
    assert network["temperature"] == run.record.temperature != 1
    assert (network["vote"], network["views"]) == (1, [])
    assert [layer["kind"] for layer in network["layers"]] == ["conv2d", "max_pooling2d", "flatten", "dense"]
    assert network["layers"][-1]["activation"] == "softmax"
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
    np.testing.assert_allclose(whitening, doubts.classes.whitening, rtol=5e-4, atol=1e-6)
    np.testing.assert_allclose(numbers(foreign["means"]), doubts.classes.means, rtol=5e-4, atol=1e-6)
    for name in ("centre", "deviation"):
        np.testing.assert_array_equal(numbers(foreign[name]), getattr(doubts.classes, name))
    assert doubts.classes.factors is not None
    np.testing.assert_allclose(triangles(foreign["factors"]), doubts.classes.factors, atol=3e-3)
    assert foreign["signs"] is None
    change = foreign["rounding"]
    assert (change["images"], change["differing"]) == (90, 0)
    assert 0 < change["greatest_difference"] < 0.01


def test_random_sums_of_features_are_drawn_as_the_run_draws_them(wide: dict[str, Any]) -> None:
    told, mask = {name: int(text) for name, text in wide["doubt"]["foreign"]["signs"].items()}, 2**128 - 1
    found, now = [], told["state"]
    for _ in range(300 * 256 // 64):  # as the comment in payload.ts has it
        now = (now * 0x2360ED051FC65DA44385DF649FCCF645 + told["increment"]) & mask
        mixed, turn = (now >> 64 ^ now) & (2**64 - 1), now >> 122
        found.append((mixed >> turn | mixed << (-turn & 63)) & (2**64 - 1))
    bits = np.unpackbits(np.array(found, "<u8").view(np.uint8)).reshape(300, 256)
    np.testing.assert_array_equal((2.0 * bits - 1) / 16, _signs(300).numpy())


@pytest.mark.parametrize(("kind", "greatest"), [("int8", 127), ("int4", 7)])
def test_whole_numbers_come_back_as_they_were(kind: Any, greatest: int) -> None:
    values = np.arange(-greatest, greatest + 1, dtype=np.int8)  # an odd count
    np.testing.assert_array_equal(numbers(packed(values, kind)), values)


def test_of_many_numbers_half_as_many_bits_are_kept() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(900, 256)).astype(np.float32) * random.uniform(0.5, 2, 256).astype(np.float32)
    exact = Gaussians.of(features, np.arange(900) % 5)
    rounded = Rounded(exact)
    told = rounded.document()
    assert told["factors"]["left"]["type"] == "int4"
    assert rounded.classes.factors is not None
    np.testing.assert_array_equal(triangles(told["factors"]).astype(np.float16), rounded.classes.factors)
    before, after = exact.distances(features), rounded.classes.distances(features)
    np.testing.assert_allclose(after, before, rtol=0.04)


def test_each_filter_and_class_has_a_picture_and_its_strongest_images(run: pl.Run, document: dict[str, Any]) -> None:
    assert document["units"].keys() == {"conv2d_1", "dense_1"}
    pictures = images_in(document["units"]["conv2d_1"]["maximised"])
    weights = run.model.state_dict()["conv2d_1.weight"].numpy().transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(pictures, np.where(weights > 0, 255, 0))  # what it answers most, of 3x3 pixels
    assert images_in(document["units"]["dense_1"]["maximised"]).shape == (3, 8, 8, 1)
    images = images_in(document["images"]["sprite"])
    with torch.inference_mode():
        batch = torch.from_numpy(images.copy()).permute(0, 3, 1, 2) / 255
        tops = run.model.get_submodule("conv2d_1")(batch).amax(dim=(2, 3)).numpy()
    for number, strongest in enumerate(document["units"]["conv2d_1"]["strongest"]):
        assert strongest == np.argsort(-tops[:, number], kind="stable")[:8].tolist()
    labels = [answer["label"] for answer in document["images"]["answers"]]
    assert [labels[own[0]] for own in document["units"]["dense_1"]["strongest"]] == [0, 1, 2]


def test_the_map_has_a_place_for_each_held_out_image(document: dict[str, Any], bars: DataSplits) -> None:
    told = document["map"]
    places = numbers(told["places"])
    assert places.shape == (90, 2)
    assert (places.min(), places.max()) == (0, 65_535)
    np.testing.assert_array_equal(numbers(told["labels"]), bars.test.labels)
    assert told["points"] == [answer["index"] for answer in document["images"]["answers"]]


def test_principal_components_are_those_of_the_whole_and_the_same_each_time() -> None:
    values = (np.random.default_rng(0).normal(size=(50, 6)) * [5, 3, 1, 1, 1, 1]).astype(np.float32)
    found = principal(values)
    left, lengths, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found), np.abs(left[:, :2] * lengths[:2]), atol=1e-4)
    np.testing.assert_array_equal(found, principal(values))
    assert not principal(np.ones((5, 3), np.float32)).any()
    assert principal(np.arange(3, dtype=np.float32)[:, None]).shape == (3, 2)
    few = np.repeat(np.eye(4, 9, dtype=np.float32), 3, axis=0)  # fewer images than features, each one three times
    np.testing.assert_allclose(np.linalg.norm(principal(few), axis=0), np.sqrt(3), atol=1e-6)


def test_a_vote_with_views_and_300_classes_of_any_names_is_told_whole(
    vote: pl.Run, wide: dict[str, Any], faults_in_payload: Faults
) -> None:
    assert faults_in_payload(wide) == []
    assert wide["classes"] == list(vote.class_names)
    network = wide["network"]
    assert network["vote"] == 2
    assert [numbers(view).shape for view in network["views"]] == [(8, 8, 2)] * 5
    np.testing.assert_allclose(numbers(network["views"][4])[0, :, 0], -np.arange(-7, 8, 2) / 8)  # mirrored
    assert network["multiply_adds"] == 12 * sum(layer["multiply_adds"] for layer in network["layers"])
    assert {"members.0.conv2d_1.weight", "members.1.batch_normalization_1.running_var"} < network["weights"].keys()
    assert wide["units"].keys() == {"members.0.conv2d_1", "dense_2"}
    assert wide["doubt"]["foreign"]["factors"] is None
    answers = wide["images"]["answers"]
    assert len(answers) == 400
    labels = [answer["label"] for answer in answers]
    losses = -np.log(vote.probabilities(images_in(wide["images"]["sprite"]))[range(400), labels])
    wrong = np.array([answer["label"] != answer["predicted"] for answer in answers])
    assert (np.diff(losses[wrong]) < 1e-4).all()
    assert wide["map"]["labels"]["type"] == "uint16"


def test_what_cannot_be_had_is_told_and_the_rest_is_given(
    bars_run: Path, tmp_path: Path, faults_in_payload: Faults
) -> None:
    folder = Path(shutil.copytree(bars_run, tmp_path / "run"))
    (folder / "evaluation.json").unlink()
    without_data = document_of(folder, whole=False)
    assert faults_in_payload(without_data) == []
    assert without_data["network"]
    assert without_data["doubt"]["foreign"]["rounding"] is None
    assert (without_data["images"], without_data["map"], without_data["evaluation"]) == (None, None, None)
    assert without_data["units"]["conv2d_1"] == {"maximised": None, "strongest": []}
    assert any("The run was trained on bars, which is not here." in remark for remark in without_data["remarks"])
    assert any(remark.startswith("It has not been judged") for remark in without_data["remarks"])
    (folder / "doubt.safetensors").write_bytes(b"damaged")
    damaged = document_of(folder, whole=False)
    assert damaged["doubt"] is None
    assert any("doubt.safetensors has changed" in remark for remark in damaged["remarks"])
    (folder / "model.safetensors").unlink()
    without = document_of(folder)
    assert faults_in_payload(without) == []
    assert without["network"] is None
    assert "has no model.safetensors" in without["lacking"]
    assert len(without["layers"]) == 4
    assert len(without["history"]) == 8


def test_a_network_of_the_users_own_code_shows_its_record_and_what_it_answers(
    run: pl.Run, faults_in_payload: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = FactorySpec(factory="nets:plain", input_shape=(8, 8, 1), classes=3)
    record = run.record.model_copy(update={"model": factory})
    monkeypatch.setattr(run.predictor, "record", record)
    monkeypatch.setattr(RunFolder, "read_record", lambda _: record)
    document = document_of(run, whole=False)
    assert faults_in_payload(document) == []
    assert (document["network"], document["doubt"], document["layers"]) == (None, None, [])
    assert document["lacking"] == "The network is made by code of its author, nets:plain; a page cannot run that."
    assert len(document["images"]["answers"]) == 90
    assert document["units"].keys() == {"conv2d_1", "dense_1"}


def test_images_can_be_left_out(run: pl.Run, faults_in_payload: Faults) -> None:
    assert run.folder
    document = payload_of(material_of(run.folder, run, whole=False), with_images=False)
    assert faults_in_payload(document) == []
    assert document["images"] is None
    assert document["units"]["conv2d_1"]["strongest"] == []
    assert document["map"]["places"]["shape"] == [90, 2]
    assert document["map"]["points"] == []
    assert document["doubt"]["foreign"]["rounding"]["images"] == 90


def test_an_image_is_called_without_the_place_of_the_data(run: pl.Run, bars: DataSplits) -> None:
    record = run.record.model_copy(update={"data": run.record.data.model_copy(update={"location": "/home/me/bars"})})
    named = replace(bars.test, sources=tuple(f"/home/me/bars/test/{number}.png" for number in range(90)))
    other = pl.Run(Predictor(run.model, record, run.device), data=DataSplits("bars", bars.train, named))
    held = HeldOut.asked(other)
    assert images_of(held, np.array([3]))["answers"][0]["source"] == "test/3.png"


def test_code_that_is_not_trusted_is_not_run(bars_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(bars_run, tmp_path / "run"))
    record = RunFolder(folder).read_record()
    factory = FactorySpec(factory="nets:plain", input_shape=(8, 8, 1), classes=3)
    RunFolder(folder).write_record(record.model_copy(update={"model": factory}))
    document = document_of(folder)
    assert (document["network"], document["layers"]) == (None, [])
    assert "--trust" in document["lacking"]
    assert document["evaluation"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KNOWN", frozenset({"conv2d", "flatten", "dense"}), "A page cannot compute these layers: max_pooling2d."),
        ("MOST_MULTIPLY_ADDS", 100, "at most 100 multiply-adds an answer; this one has 1,404."),
        ("MOST_WEIGHTS", 100, "at most 100 weights; this one has 151."),
        ("CHANNELS", {3}, "grey or colour images, of 1 or 3 channels; this network takes 1."),
    ],
)
def test_a_network_that_a_page_cannot_run_is_told(
    run: pl.Run, name: str, value: object, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, name, value)
    with pytest.raises(RunError, match=re.escape(said)):
        network.network_of(run)


def test_every_layer_of_the_vocabulary_is_known() -> None:
    assert LAYERS.keys() == network.KNOWN


def test_only_images_as_mnists_are_read_as_digits(run: pl.Run) -> None:
    mnist = {"brightness": 0.13, "background": 0.0, "drawn": 0.8, "height": 0.7, "width": 0.5, "off_centre": 0.01}

    def reading(shape: tuple[int, int, int] = (28, 28, 1), **look: float) -> dict[str, Any]:
        model = FactorySpec(factory="a:b", input_shape=shape, classes=3)
        data = run.record.data.model_copy(update={"look": Look(**(mnist | look))})
        return reading_of(run.record.model_copy(update={"model": model, "data": data}))

    assert reading() == {
        "digits": True,
        "bright_on_dark": True,
        "colour": "grey",
        "fit": "stretch",
        "background": 0,
        "value_range": None,
    }
    assert not reading(height=0.95)["digits"]
    assert not reading((32, 32, 1))["digits"]
    dark = reading((28, 28, 3), background=1.0, drawn=0.1)
    assert (dark["digits"], dark["bright_on_dark"], dark["colour"]) == (False, False, "rgb")
