import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, PellucidError, RunError, SettingError, SpecError
from pellucid.export import nodes
from pellucid.export.export import export_folder
from pellucid.export.parity import Parity
from pellucid.run.folder import RunFolder

LEAKY = "conv 4 3x3 leaky_relu, maxpool 2x2, flatten, dense 3 softmax"


def altered(bars_run: Path, place: Path, **keys: object) -> RunFolder:
    """A copy of the run whose record says something else."""
    shutil.copytree(bars_run, place)
    record = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps(record | keys))
    return RunFolder(place)


def test_an_export_holds_the_proof_that_it_answers_as_the_run_does(
    run: pl.Run, shipped: Path, bars: DataSplits
) -> None:
    assert {place.name for place in shipped.iterdir()} == {
        *("model.onnx", "raw.onnx", "labels.json", "parity.json", "README.md", "proof.safetensors", "doubt.safetensors")
    }
    parity = Parity.model_validate_json((shipped / "parity.json").read_text())
    assert parity.weights_sha256 == run.record.weights_sha256
    assert (parity.format, parity.opset, parity.tolerance) == ("onnx", 17, 1e-4)
    assert (parity.data.split, parity.data.images) == ("test", len(bars.test))
    assert [(each.batch_size, each.images) for each in parity.agreements] == [(1, 90), (90, 90)]
    assert all(each.greatest_difference < 1e-5 and each.differing_answers == 0 for each in parity.agreements)
    assert parity.versions["run"].keys() == {"python", "torch", "numpy", "pillow"}
    assert parity.versions["export"].keys() == {"python", "onnx", "onnxruntime", "numpy", "pillow"}


def test_an_export_answers_for_arrays(run: pl.Run, shipped: Path, bars: DataSplits) -> None:
    export = pl.Exported.load(shipped)
    assert (export.class_names, export.input_shape) == (bars.class_names, (8, 8, 1))
    assert np.abs(export.probabilities(bars.test.images) - run.probabilities(bars.test.images)).max() < 1e-5
    assert export.probabilities(bars.test.images[:0]).shape == (0, 3)
    with pytest.raises(DataError, match=r"images must be uint8 \[count, 8, 8, 1\]; received uint8 \[1, 9, 8, 1\]"):
        export.probabilities(np.zeros((1, 9, 8, 1), np.uint8))


def test_the_lines_of_python_in_its_readme_answer_as_the_run_does(
    run: pl.Run, shipped: Path, bars: DataSplits, tmp_path: Path
) -> None:
    shutil.copytree(shipped, tmp_path / "mail")
    picture = Image.fromarray(bars.test.images[0, ..., 0]).resize((50, 40), Image.Resampling.BICUBIC)
    picture.convert("RGB").save(tmp_path / "mail" / "image.png")
    lines = re.findall(r"```python\n(.*?)```", (shipped / "README.md").read_text(), re.DOTALL)
    code = [sys.executable, "-W", "error", "-c", "\n".join(lines)]
    done = subprocess.run(code, cwd=tmp_path / "mail", capture_output=True, text=True, check=True)
    (answer,) = run.predict_files([tmp_path / "mail" / "image.png"])
    assert len(done.stdout.splitlines()) == 2  # of model.onnx, and of raw.onnx
    for line in done.stdout.splitlines():
        label, probability = line.split()
        assert label == answer.label
        assert float(probability) == pytest.approx(answer.probability, abs=1e-5)


def test_an_export_is_proved_again_without_torch_and_without_the_run(shipped: Path) -> None:
    code = "import sys; from pellucid.export.verify import verify_export as v; print(v(sys.argv[1]).agreements)"
    code += "; assert not {'torch', 'onnx'} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", code, str(shipped)], capture_output=True, text=True, check=True)
    assert done.stdout.count("images=20") == 2


def test_what_answers_otherwise_is_not_written_and_its_images_are_named(
    bars: DataSplits, tmp_path: Path, one_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = pl.fit(bars, model=LEAKY, epochs=1, batch_size=64)
    monkeypatch.setitem(nodes.ACTIVATIONS, "leaky_relu", ("LeakyRelu", {"alpha": 0.3}))
    with pytest.raises(RunError, match=r"of 90 in batches of 1: test image \d+ \(by 0\.\d+\)"):
        run.export(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_without_a_test_split_it_is_proved_on_the_validation_split(
    bars: DataSplits, tmp_path: Path, one_process: None
) -> None:
    data = DataSplits("bars", bars.train, None)
    run = pl.fit(data, model="flatten, dense 3", epochs=1, batch_size=64, validation_split=0.2)
    export = pl.export_run(run, tmp_path / "out", proof_images=0)
    assert export.parity.data.split == "validation"
    assert export.parity.data.images == run.record.data.counts["validation"]
    assert not (tmp_path / "out" / "proof.safetensors").exists()
    assert pl.verify_export(tmp_path / "out").agreements == ()
    alone = pl.fit(data, model="flatten, dense 3", epochs=1, batch_size=64, validation_split=None)
    with pytest.raises(DataError, match=r"held out no validation split"):
        alone.export(tmp_path / "other")


def test_a_network_of_ones_own_code_goes_by_torchs_exporter(
    bars: DataSplits, tmp_path: Path, one_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_network.py").write_text(
        "from torch import nn\n"
        "def make(classes):\n"
        "    maps = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU()\n"
        "    return nn.Sequential(*maps, nn.Flatten(), nn.Linear(108, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    run = pl.fit(bars, model="own_network:make", epochs=1, batch_size=64)
    export = pl.export_run(run, tmp_path / "out")
    assert np.abs(export.probabilities(bars.test.images) - run.probabilities(bars.test.images)).max() < 1e-5
    with pytest.raises(SpecError, match=r"Maps are given for networks of layers only; received a network of one's own"):
        run.export(tmp_path / "other", maps=True)
    run.save(tmp_path / "run")
    with pytest.raises(RunError, match="made by code, own_network:make, which would be run here"):
        export_folder(RunFolder(tmp_path / "run"), tmp_path / "other")


def test_the_same_run_gives_the_same_bytes(run: pl.Run, shipped: Path, tmp_path: Path, one_process: None) -> None:
    again = run.export(tmp_path / "again", maps=True, raw_images=True, proof_images=20)
    for name in ("model.onnx", "raw.onnx", "labels.json", "proof.safetensors", "README.md", "doubt.safetensors"):
        assert (again / name).read_bytes() == (shipped / name).read_bytes()
    proof = safetensors.numpy.load_file(again / "proof.safetensors")
    assert np.abs(run.probabilities(proof["images"]) - proof["probabilities"]).max() < 1e-6


def test_a_run_that_is_not_done_is_refused(bars_run: Path, tmp_path: Path) -> None:
    folder = altered(bars_run, tmp_path / "run", status="running")
    (folder.path / "model.safetensors").unlink()
    with pytest.raises(
        RunError, match=r"has no model\.safetensors yet: its training is not done\. Train it to its end"
    ):
        export_folder(folder, tmp_path / "out")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"status": "interrupted"}, r"was interrupted after 8 epochs; it is exported as it is"),
        ({"pellucid_version": "99.0.1"}, r"is of Pellucid 99\.0\.1, which is newer than this one"),
    ],
)
def test_what_is_odd_about_a_run_is_told(bars_run: Path, tmp_path: Path, keys: dict, told: str) -> None:
    folder = altered(bars_run, tmp_path / "run", **keys)
    with (
        pytest.warns(pl.PellucidWarning, match=told),
        pytest.raises(DataError, match="trained on bars, which is not here"),
    ):
        export_folder(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_that_have_changed_are_refused(bars_run: Path, tmp_path: Path) -> None:
    folder = altered(bars_run, tmp_path / "run", weights_sha256="0" * 64)
    with pytest.raises(RunError, match=r"model\.safetensors has changed: its SHA-256 is another than run\.json says"):
        export_folder(folder, tmp_path / "out")


def test_an_unknown_format_is_named(bars_run: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"Unknown format 'onxx'\. Did you mean onnx\?"):
        export_folder(RunFolder(bars_run), tmp_path / "out", form="onxx")


@pytest.mark.parametrize("library", ["onnx", "onnxruntime"])
def test_a_missing_library_names_the_extra(
    bars_run: Path, tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        PellucidError, match=rf"An export needs {library}\. Install it with: pip install 'pellucid\[export\]'"
    ):
        export_folder(RunFolder(bars_run), tmp_path / "out")
