"""An export as a classifier, beside the run that it was made of."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import RunError, SettingError

HEAVY = ("torch", "pydantic", "jaxtyping", "matplotlib", "scipy", "requests")


@pytest.fixture(scope="module")
def export(shipped: Path) -> pl.Exported:
    return pl.Exported.load(shipped)


@pytest.fixture
def mixtures(bars: DataSplits) -> np.ndarray:
    """Images between two classes, and some of one."""
    images = bars.test.images[:30].astype(np.uint16)
    return np.concatenate([images, np.maximum(images, np.roll(images, 1, axis=0))]).astype(np.uint8)


@pytest.fixture
def picture(bars: DataSplits, tmp_path: Path) -> Path:
    Image.fromarray(bars.test.images[0, ..., 0]).convert("RGB").resize((50, 40)).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def test_an_export_doubts_between_classes_as_its_run_does_and_tells_nothing_foreign(
    run: pl.Run, export: pl.Exported, mixtures: np.ndarray
) -> None:
    for keep in (None, 0.7):
        theirs, own = run.predict(mixtures, keep=keep), export.predict(mixtures, keep=keep)
        assert [each.label for each in own] == [each.label for each in theirs]
        assert {each.kind for each in own} == {None, "doubtful"}
        pairs = zip(own, theirs, strict=True)
        assert all(mine.reason == run_s.reason for mine, run_s in pairs if run_s.kind != "foreign")
        assert all(each.foreign is None and each.unknown is not None for each in own)
    limits = export.limits()
    assert limits is not None
    assert (limits.foreign, limits.keep) == (None, 0.99)
    assert limits.doubtful == run.predictor.limits().doubtful
    with pytest.raises(SettingError, match="keep must be above 0 and below 1"):
        export.predict(mixtures, keep=99.0)


def test_sets_of_classes_are_the_runs_own(run: pl.Run, export: pl.Exported, mixtures: np.ndarray) -> None:
    theirs, own = run.predict(mixtures, coverage=0.9), export.predict(mixtures, coverage=0.9)
    assert [each.classes for each in own] == [each.classes for each in theirs]


def test_files_are_read_as_the_run_reads_them(run: pl.Run, export: pl.Exported, picture: Path) -> None:
    for settings in ({}, {"fit": "pad", "background": 99}, {"value_range": (0, 400)}):
        (own,) = export.reading_by(**settings).predict_files([picture], invert=True)
        (theirs,) = run.predictor.reading_by(**settings).predict_files([picture], invert=True)
        assert own.probabilities == pytest.approx(theirs.probabilities, abs=1e-5)
    with pytest.raises(SettingError, match="fit must be one of these; received 'squeeze'"):
        export.reading_by(fit="squeeze")
    assert export.trained_on == run.predictor.trained_on


def test_an_export_without_answers_for_held_out_images_promises_nothing(
    bars: DataSplits, shipped: Path, tmp_path: Path
) -> None:
    alone = Path(shutil.copytree(shipped, tmp_path / "alone"))
    (alone / "parity.json").unlink()
    with pytest.warns(pl.PellucidWarning, match=r"has no parity\.json beside it: nothing tells whether it answers as"):
        export = pl.Exported.load(alone / "model.onnx")
    assert not export.proved
    (answer,) = export.predict(bars.test.images[:1])
    assert answer.unknown is None
    for how in ({"keep": 0.9}, {"coverage": 0.9}):
        with pytest.raises(RunError, match="this export has no answers for held-out images"):
            export.predict(bars.test.images[:1], **how)


def test_a_file_is_held_against_the_proof_beside_it_whatever_it_is_called(shipped: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shipped, tmp_path / "renamed"))
    (folder / "model.onnx").rename(folder / "digits.onnx")
    assert pl.Exported.load(folder / "digits.onnx").proved
    raw = bytearray((folder / "digits.onnx").read_bytes())
    raw[-20] ^= 1
    (folder / "digits.onnx").write_bytes(raw)
    with pytest.raises(RunError, match=r"digits\.onnx has changed since the export was proved: its SHA-256 is"):
        pl.Exported.load(folder / "digits.onnx")
    (folder / "labels.json").unlink()
    (folder / "parity.json").unlink()
    (folder / "digits.onnx").write_bytes((shipped / "model.onnx").read_bytes())
    with pytest.raises(RunError, match=r"has no labels\.json"):
        pl.Exported.load(folder / "digits.onnx")


@pytest.mark.parametrize(
    "labels",
    [
        '{"classes": ["a"], "input": {"shape": [8, 8]}}',
        '{"classes": ["a"], "input": {"shape": [8, 8, 1]}, "reading": {"fit": "squeeze"}}',
        '{"classes": ["a"], "input": {"shape": [8, 8, 1]}, "reading": {"value_range": "wide"}}',
        '{"classes": ["a"], "input": {"shape": [8, 8, 1]}, "reading": {"value_range": [1]}}',
        '{"classes": ["a"], "input": {"shape": [8, 8, 1]}, "trained_on": {"look": {}}}',
        "[]",
    ],
)
def test_labels_that_are_none_are_refused(shipped: Path, tmp_path: Path, labels: str) -> None:
    shutil.copy(shipped / "model.onnx", tmp_path)
    (tmp_path / "labels.json").write_text(labels)
    with pytest.raises(RunError, match=r"labels\.json is not of an export of Pellucid's"):
        pl.Exported.load(tmp_path / "model.onnx")


def test_labels_or_models_from_elsewhere_are_refused(shipped: Path, tmp_path: Path) -> None:
    shutil.copy(shipped / "model.onnx", tmp_path)
    labels = json.loads((shipped / "labels.json").read_text())
    for other in ({"classes": ["a", "b"]}, {"input": {"shape": [9, 8, 1]}}):
        (tmp_path / "labels.json").write_text(json.dumps(labels | other))
        with pytest.raises(RunError, match=r"labels\.json must be of the network in model\.onnx; received \d classes"):
            pl.Exported.load(tmp_path / "model.onnx")
    helper = pytest.importorskip("onnx").helper
    given, taken = (helper.make_tensor_value_info(name, 1, [1, 4]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [given], [taken])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(
        RunError, match=r"must take images \(uint8, .*; it takes x \(tensor\(float\) \[1, 4\]\), and gives y"
    ):
        pl.Exported.load(tmp_path / "model.onnx")


def test_what_lies_in_a_place_says_by_what_it_is_asked(bars_run: Path, shipped: Path, tmp_path: Path) -> None:
    assert isinstance(pl.load_classifier(bars_run), pl.Predictor)
    assert isinstance(pl.load_classifier(shipped), pl.Exported)
    assert isinstance(pl.load_classifier(shipped / "model.onnx", device="cpu"), pl.Exported)
    with pytest.raises(RunError, match=r"is an export; received the device cuda\. Exports are asked on the processor"):
        pl.load_classifier(shipped, device="cuda")
    with pytest.raises(RunError, match="is not a run: it has no run.json"):
        pl.load_classifier(tmp_path)


def test_an_export_answers_for_a_file_without_what_takes_long_to_import(shipped: Path, picture: Path) -> None:
    code = "import sys, pellucid as pl; (answer,) = pl.Exported.load(sys.argv[1]).predict_files(sys.argv[2:]); "
    code += f"print(answer.label, answer.unknown, [name for name in {HEAVY} if name in sys.modules])"
    told = [sys.executable, "-c", code, shipped, picture]
    done = subprocess.run(told, capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=2)[2] == "[]\n"
