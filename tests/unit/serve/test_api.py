"""What the API answers, and that it is what the run answers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.interpret.feature_maps import feature_maps
from pellucid.predict.predictor import Predictor
from pellucid.serve.documents import EXAMPLE_IMAGE, Answers, FeatureMaps, ModelFacts, Problem
from pellucid.serve.model import Model
from pellucid.serve.problem import SECURITY_HEADERS
from pellucid.serve.service import Service

from .conftest import PATIENT, Api

Png = Callable[..., bytes]


def test_a_file_gets_the_answer_that_predict_gives_it(api, predictor: Predictor, bars: DataSplits, tmp_path, png: Png):
    photo = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (8, 8), dtype=np.uint8)
    for name, raw in {
        "bar.png": png(bars.test.images[0]),
        "photo.jpg": png(photo, "JPEG"),
        "noise.gif": png(noise, "GIF"),
        "deep.tif": png(noise.astype(np.uint16) * 257, "TIFF"),
    }.items():
        (tmp_path / name).write_bytes(raw)
        (expected,) = predictor.predict_files([tmp_path / name])
        answer = api.predict(raw, "application/octet-stream").json()
        Answers.model_validate(answer)
        assert answer["model_version"] == predictor.record.weights_sha256
        (found,) = answer["predictions"]
        assert found["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
        assert found["foreign"] == pytest.approx(expected.foreign, rel=1e-4)
        assert [found[key] for key in ("label", "unknown", "kind", "reason")] == [
            expected.label,
            expected.unknown,
            expected.kind,
            expected.reason,
        ]
        assert found["remarks"] == []


def test_an_image_is_inverted_on_demand(api, predictor: Predictor, bars: DataSplits, png: Png) -> None:
    answer = api.predict(png(255 - bars.test.images[0]), params={"invert": "true"}).json()
    (expected,) = predictor.predict(bars.test.images[:1])
    assert answer["predictions"][0]["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)


def test_what_is_unlike_the_training_images_is_unknown(api, png: Png) -> None:
    (found,) = api.predict(png(np.full((8, 8), 255, np.uint8))).json()["predictions"]
    assert (found["unknown"], found["kind"], found["reason"]) == (True, "foreign", "unlike anything trained on")


def test_several_images_are_answered_in_their_order(api, bars: DataSplits, png: Png) -> None:
    files = [png(image) for image in bars.test.images[:5]]
    together = api.predict_all(*files).json()["predictions"]
    alone = [api.predict(file).json()["predictions"][0] for file in files]
    for one, other in zip(together, alone, strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
    assert [one["label"] for one in together] == ["across", "upright", "aslant", "across", "upright"]


def test_each_of_64_clients_gets_its_own_answer_and_the_one_that_it_gets_alone(api, bars: DataSplits, png: Png) -> None:
    images = bars.test.images[:64]
    assert len(np.unique(images.reshape(64, -1), axis=0)) == 64
    files = [png(image) for image in images]

    async def all_at_once() -> list[dict]:
        headers = {"content-type": "image/png"}
        asked = (api.client.request("POST", "/v1/predict", content=file, headers=headers) for file in files)
        return [answer.json()["predictions"][0] for answer in await asyncio.gather(*asked)]

    together = api.loop.run_until_complete(all_at_once())
    alone = [api.predict(file).json()["predictions"][0] for file in files]
    assert len({answer["probabilities"]["across"] for answer in alone}) == 64
    for one, other in zip(together, alone, strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
        assert (one["label"], one["unknown"]) == (other["label"], other["unknown"])
    text = api.ask("GET", "/metrics").text
    batches, count = (
        float(next(line for line in text.splitlines() if line.startswith(name)).split()[1])
        for name in ("pellucid_batch_images_count", "pellucid_batch_images_sum")
    )
    assert count > batches  # so that some were answered together


def test_feature_maps_are_those_of_the_run(api, predictor: Predictor, bars: DataSplits, png: Png) -> None:
    image = bars.test.images[0]
    expected = {maps.name: maps.values for maps in feature_maps(predictor, image)}
    headers = {"content-type": "image/png"}
    answer = api.ask("POST", "/v1/feature-maps", content=png(image), headers=headers).json()
    FeatureMaps.model_validate(answer)
    assert [layer["name"] for layer in answer["layers"]] == list(expected)
    for layer in answer["layers"]:
        values = expected[layer["name"]]
        assert layer["shape"] == list(values.shape)
        assert np.allclose(np.array(layer["values"]), values, atol=1e-6)
    name = answer["layers"][1]["name"]
    asked = {"layer": name, "encoding": "base64"}
    (layer,) = api.ask("POST", "/v1/feature-maps", content=png(image), headers=headers, params=asked).json()["layers"]
    raw = base64.b64decode(layer["values"])
    assert struct.unpack(f"<{len(raw) // 4}f", raw) == pytest.approx(expected[name].ravel(), abs=1e-6)


def test_an_export_is_served_as_its_run_is(
    bars_run: Path, bars: DataSplits, tmp_path: Path, png: Png, one_process: None
) -> None:
    run = pl.Run.load(bars_run, device="cpu")
    run.data = bars
    export = pl.Exported.load(run.export(tmp_path / "shipped", proof_images=0))
    api = Api(Service(Model.load(tmp_path / "shipped"), PATIENT))
    try:
        answer = api.predict(png(bars.test.images[0])).json()
        assert answer["model_version"] == run.record.weights_sha256
        (expected,) = export.predict(bars.test.images[:1])
        assert answer["predictions"][0]["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
        facts = api.ask("GET", "/v1/model").json()
        ModelFacts.model_validate(facts)
        assert (facts["name"], facts["test"], facts["says_unknown"]) == ("shipped", None, True)
        headers = {"content-type": "image/png"}
        refused = api.ask("POST", "/v1/feature-maps", content=png(bars.test.images[0]), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        assert "An export gives no feature maps. Serve the run that it was made of." in refused.json()["detail"]
    finally:
        api.close()
    (tmp_path / "shipped" / "parity.json").unlink()
    with pytest.warns(pl.PellucidWarning, match=r"has no parity\.json beside it"):
        unproved = Model.load(tmp_path / "shipped")
    assert unproved.version == hashlib.sha256((tmp_path / "shipped" / "model.onnx").read_bytes()).hexdigest()


def test_the_range_of_values_of_a_run_reaches_the_decoder(predictor: Predictor, png: Png) -> None:
    api = Api(Service(Model.of_run(predictor.reading_by(value_range=(0, 100))), PATIENT))
    try:
        (found,) = api.predict(png(np.full((8, 8), 200, np.uint8))).json()["predictions"]
    finally:
        api.close()
    assert found["remarks"] == ["it holds values from 200 to 200; those beyond 0 to 100 are cut off"]


def test_an_unknown_layer_is_named(api, bars: DataSplits, png: Png) -> None:
    headers, asked = {"content-type": "image/png"}, {"layer": "conv2d1"}
    answer = api.ask("POST", "/v1/feature-maps", content=png(bars.test.images[0]), headers=headers, params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"] == "Unknown layer 'conv2d1'. Did you mean conv2d_1?"


def test_the_model_is_told_of(api, predictor: Predictor) -> None:
    facts = api.ask("GET", "/v1/model").json()
    ModelFacts.model_validate(facts)
    assert facts["classes"] == ["across", "upright", "aslant"]
    assert facts["input_shape"] == [8, 8, 1]
    assert facts["model_version"] == predictor.record.weights_sha256
    assert facts["test"]["accuracy"] == predictor.record.results.test.accuracy
    assert facts["says_unknown"] is True


def test_the_example_of_the_documentation_is_an_image_that_is_answered(api) -> None:
    (found,) = api.predict_all(base64.b64decode(EXAMPLE_IMAGE)).json()["predictions"]
    assert found["label"] in {"across", "upright", "aslant"}


@pytest.mark.parametrize(
    ("given", "status", "code", "told"),
    [
        ({"content": b""}, 422, "invalid_request", "it is empty"),
        ({"content": b"no image"}, 422, "unreadable_image", "The image: not an image that can be read."),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415, "unsupported_media_type", "'text/plain'"),
        ({"content": b"x", "headers": {"content-encoding": "gzip"}}, 415, "unsupported_media_type", "compression"),
        ({"content": b"x", "params": {"invert": "perhaps"}}, 422, "invalid_request", "query.invert"),
        ({"content": b"x", "headers": {"content-length": "-1"}}, 400, "malformed_request", "must be a number"),
        ({"content": b"x" * (4 * 2**20 + 1)}, 413, "body_too_large", "may have 4,194,304 bytes"),
        ({"json": {"images": []}}, 422, "invalid_request", "at least 1 item"),
        ({"json": {"images": ["####"]}}, 422, "invalid_request", "Image 1 must be base64."),
        ({"json": {"images": ["äöü?"]}}, 422, "invalid_request", "Image 1 must be base64."),
        ({"json": {"images": ["data:image/png;base64,AAAA"]}}, 422, "invalid_request", "before the comma"),
        ({"json": {"images": [1]}}, 422, "invalid_request", "images.0: Input should be a valid string"),
        ({"json": {"images": ["AAAA"], "url": "http://x/y.png"}}, 422, "invalid_request", "url: Extra inputs"),
        ({"json": ["AAAA"]}, 422, "invalid_request", "images"),
        ({"json": {"images": ["AAAA", "AAAA"]}}, 422, "unreadable_image", "Image 1: not an image"),
        ({"json": {"images": ["AAAA"] * 33}}, 422, "invalid_request", "may have 32 images; received 33"),
        ({"content": b"{", "json_type": True}, 400, "malformed_request", "Invalid JSON"),
        ({"content": b"\xff\xfe{}", "json_type": True}, 400, "malformed_request", "Invalid JSON"),
        ({"content": b'{"images": NaN}', "json_type": True}, 422, "invalid_request", "images"),
        ({"content": b"[" * 10_000, "json_type": True}, 400, "malformed_request", "recursion limit"),
        ({"content": b'{"images":' + b"[" * 10_000, "json_type": True}, 400, "malformed_request", "recursion limit"),
        (
            {"content": b'{"images": 1' + b"0" * 10_000 + b"}", "json_type": True},
            400,
            "malformed_request",
            "out of range",
        ),
        ({"content": b"\x80\x04\x95", "headers": {"content-type": "application/x-pickle"}}, 415, None, "pickle"),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_shape(api, given, status: int, code: str | None, told: str) -> None:
    given = dict(given)
    if given.pop("json_type", False):
        given["headers"] = {"content-type": "application/json"}
    elif "content" in given:
        given["headers"] = {"content-type": "image/png"} | given.get("headers", {})
    answer = api.ask("POST", "/v1/predict", **given)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    Problem.model_validate(problem)
    assert (problem["status"], problem["code"]) == (status, code or problem["code"])
    assert told in problem["detail"]
    assert SECURITY_HEADERS.items() <= answer.headers.items()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/predict", 405),
        ("GET", "/v1/model/..%2f..%2fetc/passwd", 404),
        ("GET", "/../../../../etc/passwd", 404),
        ("POST", "/v1/models/other/load", 404),
        ("POST", "/v1/predict/", 404),
        ("DELETE", "/v1/model", 405),
        ("GET", "/docs", 404),
        ("PUT", "/invocations", 404),
    ],
)
def test_no_path_leads_elsewhere(api, method: str, path: str, status: int) -> None:
    answer = api.ask(method, path)
    assert answer.status_code == status
    Problem.model_validate(answer.json())


def test_neither_a_url_nor_a_path_in_a_request_is_followed(api, bars_run: Path) -> None:
    for text in ("http://127.0.0.1:1/x.png", "file:///etc/passwd", str(bars_run / "curves.png"), "../run.json"):
        assert api.predict(text.encode()).status_code == 422
        assert api.ask("POST", "/v1/predict", json={"images": [text]}).status_code == 422
        answer = api.ask("POST", "/v1/predict", params={"run": text, "model": text, "path": text})
        assert answer.status_code == 415


def test_answers_tell_browsers_to_do_nothing_with_them(api) -> None:
    for path in ("/healthz", "/openapi.json", "/metrics", "/nothing"):
        headers = api.ask("GET", path).headers
        assert SECURITY_HEADERS.items() <= headers.items()
        assert "unsafe" not in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_what_was_answered_is_counted(api) -> None:
    api.predict(b"no image")
    text = api.ask("GET", "/metrics").text
    assert 'pellucid_requests_total{path="/v1/predict",status="422"}' in text
    assert f'pellucid_model_info{{name="bars",version="{api.service.model.version}"}} 1.0' in text
    api.ask("GET", "/made/up")
    assert "made" not in api.ask("GET", "/metrics").text


def test_nothing_is_held_after_all_is_answered(api) -> None:
    assert (api.service.gate.waiting, api.service.gate.buffered) == (0, 0)
