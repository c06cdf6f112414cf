"""What every format of exports keeps to, and what each alone does."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.app import app
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, PellucidError, RunError, SettingError, SpecError
from pellucid.export import c_library, c_source
from pellucid.export.export import export_folder
from pellucid.export.formats.table import FORMATS
from pellucid.export.parity import TOLERANCE
from pellucid.run.folder import RunFolder

EXACT = [name for name, entry in FORMATS.items() if entry.exact]
TINY = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
CODE = [name for name, entry in FORMATS.items() if entry.is_code]


@pytest.fixture(scope="module")
def voting(bars: DataSplits) -> pl.Run:
    """A run of two networks that vote, with test-time views. Read it, do not change it."""
    views = {"horizontal_flip": True}
    several = {"vote": 2, "augmentation": views, "test_time_augmentation": views}
    return pl.fit(bars, model=TINY, epochs=4, batch_size=16, learning_rate=0.01, **several)


@pytest.fixture(scope="module")
def exported(
    voting: pl.Run, ask_here: Callable[[pytest.MonkeyPatch], None], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pl.Exported]:
    """The run in every format. Read them, do not write to them."""
    place = tmp_path_factory.mktemp("formats")
    with pytest.MonkeyPatch.context() as patch:
        ask_here(patch)
        patch.setattr(c_library, "OPTIONS", (*c_library.OPTIONS, "-Wall", "-Wextra", "-Werror", "-pedantic"))
        margins = {"int8": 0.1}  # of so few images, a narrower interval is not to be had
        return {
            name: pl.export_run(voting, place / name, form=name, proof_images=20, margin=margins.get(name))
            for name in FORMATS
        }


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_keeps_to_the_contract(name: str, exported: dict[str, pl.Exported], bars: DataSplits) -> None:
    export, entry = exported[name], FORMATS[name]
    assert {place.name for place in export.path.iterdir()} == {
        *entry.files,
        *("labels.json", "parity.json", "README.md", "proof.safetensors"),
        *(["doubt.safetensors"] if entry.exact else []),
    }
    assert export.parity.format == name
    assert export.parity.files.keys() == {place.name for place in export.path.iterdir()} - {"parity.json", "README.md"}
    assert export.parity.tolerance == (TOLERANCE if entry.exact else None)
    assert [each.images for each in export.parity.agreements] == [len(bars.test)] * (1 if name == "c" else 2)
    assert (export.class_names, export.input_shape) == (bars.class_names, (8, 8, 1))
    assert export.parity.versions["export"]["numpy"] == np.__version__


@pytest.mark.parametrize("name", EXACT)
def test_what_is_exact_answers_as_the_run_does(
    name: str, exported: dict[str, pl.Exported], voting: pl.Run, bars: DataSplits
) -> None:
    told, given = voting.probabilities(bars.test.images), exported[name].probabilities(bars.test.images)
    assert np.abs(told - given).max() < 1e-5
    assert max(each.greatest_difference for each in exported[name].parity.agreements) < 1e-5


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_proved_again(name: str, exported: dict[str, pl.Exported]) -> None:
    verified = pl.verify_export(exported[name].path, trust=name in CODE)
    assert {each.images for each in verified.agreements} == {20}


@pytest.mark.parametrize("name", CODE)
def test_code_of_an_export_runs_only_where_it_is_trusted(name: str, exported: dict[str, pl.Exported]) -> None:
    with pytest.raises(RunError, match=r"code, which would be .*run here\. If you know who made it, give --trust"):
        pl.Exported.load(exported[name].path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_a_format_that_was_altered_is_not_loaded(
    name: str, exported: dict[str, pl.Exported], tmp_path: Path
) -> None:
    for file in FORMATS[name].files:
        copy = shutil.copytree(exported[name].path, tmp_path / file)
        with (copy / file).open("ab") as opened:
            opened.write(b" ")
        with pytest.raises(RunError, match=rf"{re.escape(file)} has changed since the export was proved"):
            pl.Exported.load(copy, trust=True)


def test_the_lines_of_python_in_a_readme_need_nothing_of_pellucid(
    exported: dict[str, pl.Exported], voting: pl.Run, bars: DataSplits, tmp_path: Path
) -> None:
    code = ["import os, sys", "sys.path.insert(0, '')"]
    for name in ("safetensors", "torch"):
        mail = shutil.copytree(exported[name].path, tmp_path / name)
        picture = Image.fromarray(bars.test.images[0, ..., 0]).resize((50, 40), Image.Resampling.BICUBIC)
        picture.convert("RGB").save(mail / "image.png")
        (lines,) = re.findall(r"```python\n(.*?)```", (mail / "README.md").read_text(), re.DOTALL)
        code += [f"os.chdir({str(mail)!r})", lines]
    code.append("assert 'pellucid' not in sys.modules")
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True)
    (answer,) = voting.predict_files([mail / "image.png"])
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        label, probability = line.split()
        assert label == answer.label
        assert float(probability) == pytest.approx(answer.probability, abs=1e-5)


def test_the_lines_of_c_in_a_readme_answer_as_the_run_does(
    exported: dict[str, pl.Exported], voting: pl.Run, bars: DataSplits, tmp_path: Path
) -> None:
    mail = shutil.copytree(exported["c"].path, tmp_path / "mail")
    text = (mail / "README.md").read_text()
    (lines,) = re.findall(r"```c\n(.*?)```", text, re.DOTALL)
    (mail / "main.c").write_text(lines)
    bars.test.images[0].tofile(mail / "image.raw")
    (command,) = re.findall(r"`(cc [^`]*)`", text)
    subprocess.run(command.split(), cwd=mail, check=True)
    done = subprocess.run([mail / "answer"], cwd=mail, capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [int(number) for number, _ in rows] == [0, 1, 2]
    assert np.abs(voting.probabilities(bars.test.images[:1])[0] - [float(row[1]) for row in rows]).max() < 1e-5


def test_c_tells_what_memory_it_needs(exported: dict[str, pl.Exported], voting: pl.Run) -> None:
    weights = sum(parameter.numel() for parameter in voting.predictor.model.parameters())
    assert exported["c"].parity.facts["constant_bytes"] == 4 * (weights + 6)  # and where the mirrored view looks
    assert exported["c"].parity.facts["ram_bytes"] == 4 * (8 * 8 + 6 * 6 * 4)  # the image, and what convolution gives


@pytest.fixture
def own_code(bars: DataSplits, tmp_path: Path, one_process: None, monkeypatch: pytest.MonkeyPatch) -> pl.Run:
    """A run whose network is made by code of the user's own."""
    (tmp_path / "own_layers.py").write_text(
        "from torch import nn\ndef make(classes):\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    views = {"augmentation": {"horizontal_flip": True}, "test_time_augmentation": {"horizontal_flip": True}}
    return pl.fit(bars, model="own_layers:make", epochs=1, batch_size=64, **views)


@pytest.mark.parametrize(("name", "title"), [("safetensors", "safetensors"), ("c", "C")])
def test_a_network_of_ones_own_code_is_refused_by_formats_of_layers(
    name: str, title: str, own_code: pl.Run, tmp_path: Path
) -> None:
    with pytest.raises(
        SpecError,
        match=f"{title} holds networks of layers only; received a network of one's own code. Take the format onnx",
    ):
        own_code.export(tmp_path / "out", form=name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["onnx", "int8"])
def test_a_network_of_ones_own_code_is_followed_with_its_views(
    name: str, own_code: pl.Run, bars: DataSplits, tmp_path: Path
) -> None:
    export = pl.export_run(own_code, tmp_path / "out", form=name, margin=0.2 if name == "int8" else None)
    found = np.abs(export.probabilities(bars.test.images) - own_code.probabilities(bars.test.images)).max()
    assert found < (1e-5 if name == "onnx" else 0.1)


def test_settings_that_a_format_does_not_heed_are_refused(bars_run: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        export_folder(RunFolder(bars_run), tmp_path / "out", form="c", maps=True, margin=0.1)
    assert str(caught.value).splitlines() == [
        "maps is a setting of onnx only; received the format c. Leave it out.",
        "margin is a setting of int8 only; received the format c. Leave it out.",
    ]


def test_a_margin_is_a_share_and_the_help_knows_each_format(bars_run: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"margin must be a share, from 0 to 1; received 1\.5"):
        export_folder(RunFolder(bars_run), tmp_path / "out", form="int8", margin=1.5)
    told = " ".join(CliRunner().invoke(app, ["export", "--help"]).stdout.split())
    listed = told.partition("The format to write:")[2].partition("--out")[0]
    assert {part.split()[0] for part in listed.split("; ") if part.strip()} >= FORMATS.keys()


def test_without_a_compiler_c_is_refused(run: pl.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -m32")
    with pytest.raises(PellucidError, match=r"needs a C compiler; none of no-such-compiler is here\. Install one, or"):
        run.export(tmp_path / "out", form="c")
    assert not (tmp_path / "out").exists()


def test_what_is_no_c_is_told(exported: dict[str, pl.Exported], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(exported["c"].path, tmp_path / "copy"))
    content = (copy / "model.c").read_bytes().replace(b"static float *network_0", b"static floot *network_0")
    document = json.loads((copy / "parity.json").read_text())
    document["files"]["model.c"] = hashlib.sha256(content).hexdigest()
    (copy / "parity.json").write_text(json.dumps(document))
    (copy / "model.c").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.c cannot be compiled by \w+ \(.*floot"):
        pl.Exported.load(copy, trust=True)


def test_a_network_that_no_microcontroller_holds_is_refused(
    run: pl.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c_source, "MOST_CONSTANTS", 512)
    with pytest.raises(
        RunError, match=r"in C may have 512 bytes of constants; this one has 604 bytes\. Take the format"
    ):
        run.export(tmp_path / "out", form="c")


def test_int8_tells_what_it_costs(exported: dict[str, pl.Exported], voting: pl.Run, bars: DataSplits) -> None:
    export = exported["int8"]
    accuracy, facts = export.parity.accuracy, export.parity.facts
    right, still = (
        each.probabilities(bars.test.images).argmax(axis=1) == bars.test.labels for each in (voting, export)
    )
    assert accuracy
    assert (accuracy.images, accuracy.run, accuracy.export) == (90, right.mean(), still.mean())
    assert (accuracy.only_run, accuracy.only_export) == ((right & ~still).sum(), (still & ~right).sum())
    assert accuracy.interval[0] >= -accuracy.margin == -0.1
    assert facts["calibration_images"] == voting.record.data.counts["train"] < len(bars.train)
    assert facts["float_bytes"] == (exported["onnx"].path / "model.onnx").stat().st_size
    assert facts["bytes"] == (export.path / "model.onnx").stat().st_size
    assert (
        "**Its answers are not those of the network that it was made of.**" in (export.path / "README.md").read_text()
    )


def test_int8_is_refused_where_the_images_cannot_show_that_it_costs_little(
    run: pl.Run, tmp_path: Path, one_process: None
) -> None:
    with pytest.raises(
        RunError,
        match=r"may cost at most 1\.00% of accuracy, with 95% confidence; received a difference of .* on 90 images\. "
        r"Take more images \(--data\), the format onnx, or a --margin of at least 0\.0\d+",
    ):
        run.export(tmp_path / "out", form="int8")
    assert not (tmp_path / "out").exists()


def test_what_is_proved_on_is_not_calibrated_on(bars: DataSplits, bars_run: Path, tmp_path: Path) -> None:
    for name, image, label in zip("abc", bars.test.images, bars.test.labels, strict=False):
        place = tmp_path / "alone" / bars.class_names[label]
        place.mkdir(parents=True)
        Image.fromarray(image[..., 0]).save(place / f"{name}.png")
    with pytest.raises(DataError, match=r"calibrated on other images than it is proved on; alone has one split alone"):
        export_folder(RunFolder(bars_run), tmp_path / "out", form="int8", data=str(tmp_path / "alone"))


def test_an_export_of_a_later_format_is_told(exported: dict[str, pl.Exported], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(exported["onnx"].path, tmp_path / "copy"))
    text = (copy / "parity.json").read_text()
    (copy / "parity.json").write_text(text.replace("model.onnx", "model.mlpackage"))
    with pytest.raises(RunError, match=r"in a format that this version of Pellucid does not know \(.*model\.mlpackage"):
        pl.Exported.load(copy)
