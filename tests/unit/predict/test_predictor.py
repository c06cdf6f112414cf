import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, DeviceError, RunError


@pytest.fixture(scope="module")
def predictor(bars_run: Path) -> pl.Predictor:
    return pl.Predictor.load(bars_run)


@pytest.fixture
def copy(bars_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bars_run, tmp_path / "run"))


def test_probabilities_are_the_softmax_of_the_logits(predictor: pl.Predictor, bars: DataSplits) -> None:
    images = bars.test.images[:7]
    probabilities = predictor.probabilities(images)
    assert probabilities.shape == (7, 3)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(7))
    floats = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    assert predictor.record.calibration is not None
    expected = (predictor.logits(floats) / predictor.record.calibration.temperature).exp()
    assert np.allclose(probabilities, (expected / expected.sum(dim=1, keepdim=True)).numpy(), atol=1e-6)


def test_answers_are_labelled_and_right_on_easy_images(predictor: pl.Predictor, bars: DataSplits) -> None:
    answers = predictor.predict(bars.test.images)
    right = sum(a.label == bars.class_names[i] for a, i in zip(answers, bars.test.labels, strict=True))
    assert right / len(answers) > 0.9
    best = answers[0]
    assert best.probabilities.keys() == set(bars.class_names)
    assert best.probability == max(best.probabilities.values()) == best.probabilities[best.label]


def test_image_files_go_through_the_runs_own_preprocessing(
    predictor: pl.Predictor, bars: DataSplits, tmp_path: Path
) -> None:
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    image = Image.fromarray(bars.test.images[0, ..., 0])
    image.save(small)
    image.convert("RGB").resize((80, 80), Image.Resampling.NEAREST).save(large)
    answers = predictor.predict_files([small, large])
    direct = predictor.predict(bars.test.images[:1])[0]
    assert answers[0].probabilities == pytest.approx(direct.probabilities, rel=1e-5)
    assert answers[1].label == answers[0].label
    assert predictor.predict_files([]) == []


def test_images_of_another_form_are_refused(predictor: pl.Predictor) -> None:
    with pytest.raises(DataError, match=r"images must be uint8 \[count, 8, 8, 1\]; received uint8 \[1, 9, 8, 1\]"):
        predictor.probabilities(np.zeros((1, 9, 8, 1), np.uint8))
    with pytest.raises(DataError, match="received float32"):
        predictor.predict(np.zeros((1, 8, 8, 1), np.float32))


def test_missing_weights_are_named(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"has no model.safetensors"):
        pl.Predictor.load(copy)


@pytest.mark.parametrize("cut", [lambda raw: raw[:-10], lambda raw: raw[:6], lambda raw: b"PK" + raw[2:]])
def test_truncated_or_foreign_weights_are_named(copy: Path, cut) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(cut(file.read_bytes()))
    with pytest.raises(RunError, match=r"model.safetensors is truncated or not safetensors"):
        pl.Predictor.load(copy)


def test_weights_of_another_network_are_named(copy: Path) -> None:
    other = safetensors.numpy.save({"conv2d_1.weight": np.zeros((1, 1, 3, 3), np.float32)})
    (copy / "model.safetensors").write_bytes(other)
    with pytest.raises(RunError, match=r"model.safetensors holds the weights of another network .*dense_1.weight"):
        pl.Predictor.load(copy)


def test_an_absent_device_is_refused(bars_run: Path) -> None:
    with pytest.raises(DeviceError, match="This machine offers no device cuda:99"):
        pl.Predictor.load(bars_run, device="cuda:99")


@pytest.mark.parametrize("bit", [0, 7])
def test_a_flipped_bit_in_the_weights_is_noticed(copy: Path, bit: int) -> None:
    raw = bytearray((copy / "model.safetensors").read_bytes())
    raw[-40] ^= 1 << bit
    (copy / "model.safetensors").write_bytes(raw)
    with pytest.raises(RunError, match=r"model.safetensors has changed: its SHA-256 is another than run.json says"):
        pl.Predictor.load(copy)


@pytest.mark.parametrize(
    ("kind", "value", "complaint"),
    [
        (np.int8, 1, "must hold torch.float32 in dense_1.bias; it holds torch.int8"),
        (np.float32, np.nan, "holds numbers in dense_1.bias that are not finite"),
    ],
)
def test_weights_that_cannot_be_are_refused(copy: Path, kind: type, value: float, complaint: str) -> None:
    weights = safetensors.numpy.load_file(copy / "model.safetensors")
    weights["dense_1.bias"] = np.full(3, value, kind)
    safetensors.numpy.save_file(weights, copy / "model.safetensors")
    with pytest.raises(RunError, match=complaint):
        pl.Predictor.load(copy)


def test_answers_that_are_no_numbers_are_refused(copy: Path, bars: DataSplits) -> None:
    weights = safetensors.numpy.load_file(copy / "model.safetensors")
    huge = {name: np.full_like(weight, 3e38) for name, weight in weights.items()}
    safetensors.numpy.save_file(huge, copy / "model.safetensors")
    record = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(record | {"weights_sha256": None}))
    with pytest.raises(RunError, match="The network's answers must be finite, and are not: its weights are damaged"):
        pl.load_run(copy).predict(bars.test.images[:2])


def test_what_torch_says_of_other_weights_is_cut_short(copy: Path) -> None:
    record = json.loads((copy / "run.json").read_text())
    record["train"]["vote"] = 100
    (copy / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="holds the weights of another network") as refused:
        pl.load_run(copy)
    assert len(str(refused.value)) < 700
