import errno
import hashlib
import json
import os
import shutil
from pathlib import Path

import onnx
import pytest

from pellucid.data.scratch import LOCK
from pellucid.errors import RunError
from pellucid.export.exported import Exported
from pellucid.export.folder import ExportFolder
from pellucid.export.verify import verify_export

from ..cli.read_only import read_only
from ..run.power_cut import PowerCut


@pytest.fixture
def copy(shipped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped, tmp_path / "copy"))


@pytest.mark.parametrize("name", ["model.onnx", "labels.json"])
def test_an_export_that_was_altered_after_the_proof_is_not_loaded(copy: Path, name: str) -> None:
    raw = bytearray((copy / name).read_bytes())
    raw[-20] ^= 1
    (copy / name).write_bytes(raw)
    with pytest.raises(
        RunError,
        match=rf"{name} has changed since the export was proved: its SHA-256 is [0-9a-f]{{64}}, and parity.json says "
        r"[0-9a-f]{64}\. Export the run anew\.",
    ):
        Exported.load(copy)


def test_a_proof_that_was_altered_is_not_believed(copy: Path) -> None:
    (copy / "proof.safetensors").write_bytes(b"other")
    with pytest.raises(RunError, match=r"proof\.safetensors has changed since the export was proved"):
        verify_export(copy)


@pytest.mark.parametrize("name", ["raw.onnx", "doubt.safetensors"])
def test_a_file_that_the_answers_of_the_proof_do_not_need_is_proved_too(copy: Path, name: str) -> None:
    (copy / name).write_bytes((copy / name).read_bytes()[:-1] + b"?")
    with pytest.raises(RunError, match=rf"{name} has changed since the export was proved"):
        verify_export(copy)


def test_a_proof_that_names_a_file_elsewhere_is_refused(copy: Path) -> None:
    parity = json.loads((copy / "parity.json").read_text())
    parity["files"]["../secret"] = "0" * 64
    (copy / "parity.json").write_text(json.dumps(parity))
    (copy.parent / "secret").write_bytes(b"another's")
    with pytest.raises(RunError, match=r"it names '\.\./secret' as a file"):
        verify_export(copy)


@pytest.mark.parametrize("name", ["model.onnx", "labels.json", "proof.safetensors", "doubt.safetensors"])
def test_a_file_that_is_missing_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(RunError, match=f"has no {name}, which its parity.json tells of"):
        verify_export(copy)


def with_model(folder: Path, content: bytes) -> None:
    """Put another model into an export, and its digest beside it, as whoever makes one can."""
    parity = json.loads((folder / "parity.json").read_text())
    parity["files"]["model.onnx"] = hashlib.sha256(content).hexdigest()
    (folder / "parity.json").write_text(json.dumps(parity))
    (folder / "model.onnx").write_bytes(content)


def test_a_model_that_is_none_or_names_a_further_file_is_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with_model(copy, b"nonsense")
    with pytest.raises(RunError, match=r"model\.onnx cannot be loaded by ONNX Runtime"):
        Exported.load(copy)
    monkeypatch.chdir(copy)
    (copy / "secret.bin").write_bytes(bytes(4))
    weight = onnx.TensorProto(name="w", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="secret.bin")
    given, taken = (onnx.helper.make_tensor_value_info(name, 1, [1]) for name in ("x", "y"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g", [given], [taken], [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    for content in (model.SerializeToString(), model.SerializeToString().replace(b"Add", b"Ad\x80")):
        with_model(copy, content)
        with pytest.raises(RunError, match=r"model\.onnx cannot be loaded by ONNX Runtime"):
            Exported.load(copy)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_export_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is not an export: it has no parity\.json"):
        Exported.load(tmp_path)
    (tmp_path / "parity.json").write_text("{}")
    with pytest.raises(RunError, match=r"parity\.json is not of an export of Pellucid's: it names no files"):
        Exported.load(tmp_path)


def test_only_an_export_is_replaced_and_nothing_of_the_users(copy: Path, tmp_path: Path) -> None:
    folder = ExportFolder(copy)
    with pytest.raises(RunError, match=r"exists already\. Choose another --out, or give --overwrite"):
        folder.require_free(overwrite=False)
    folder.require_free(overwrite=True)
    before = {place.name for place in copy.iterdir()}
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match=r"holds what is not the export's \(notes\.txt\)\. Move it away first\."):
        folder.write({"model.onnx": b"new"}, overwrite=True)
    assert {place.name for place in copy.iterdir()} == {*before, "notes.txt"}
    (tmp_path / "mine").mkdir()
    with pytest.raises(RunError, match=r"Only an export is replaced; choose another --out\."):
        ExportFolder(tmp_path / "mine").require_free(overwrite=True)


def test_a_folder_is_replaced_as_a_whole(copy: Path) -> None:
    parity = (copy / "parity.json").read_bytes()
    ExportFolder(copy).write({"model.onnx": b"new", "parity.json": parity}, overwrite=True)
    assert {place.name: place.read_bytes() for place in copy.iterdir()} == {"model.onnx": b"new", "parity.json": parity}
    assert [place.name for place in copy.parent.iterdir()] == ["copy"]


def test_where_nothing_can_be_written_nothing_is_left(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {place.name: place.read_bytes() for place in copy.iterdir()}
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if target == copy and (self / "model.onnx").exists() and (self / "model.onnx").read_bytes() == b"new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(RunError, match=r"cannot be written \(No space left on device\)"):
        ExportFolder(copy).write({"model.onnx": b"new"}, overwrite=True)
    assert {place.name: place.read_bytes() for place in copy.iterdir()} == before
    assert [place.name for place in copy.parent.iterdir()] == ["copy"]


def test_keys_of_a_later_version_are_kept(copy: Path) -> None:
    document = json.loads((copy / "parity.json").read_text())
    (copy / "parity.json").write_text(json.dumps({**document, "later": 1}))
    assert json.loads(ExportFolder(copy).read_parity().to_json()) == {**document, "later": 1}


def test_a_power_cut_leaves_the_older_export_or_the_new_one(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = {file.name: file.read_bytes() for file in shipped.iterdir()}
    older = new | {"README.md": b"older"}
    place = tmp_path / "exports" / "digits"
    place.parent.mkdir()
    for before in ({}, older):
        power, found = PowerCut(place.parent), set()
        power.noting(lambda: ExportFolder(place).write(new, overwrite=True), monkeypatch)
        for files in power.states():
            digits, aside = (
                {
                    name.removeprefix(f"{where}/"): raw
                    for name, raw in files.items()
                    if name.startswith(f"{where}/") and not name.endswith(LOCK)  # which does no harm; see below
                }
                for where in ("digits", "digits-before-1")
            )
            assert digits in ({}, before, new)
            assert before in ({}, digits, aside) or digits == new
            found.add("new" if digits == new else "older" if digits else "aside" if aside else "none")
        assert found == ({"older", "aside", "new"} if before else {"none", "new"})
        assert [folder.name for folder in place.parent.iterdir()] == ["digits"]
        (place / "README.md").write_bytes(b"older")


def test_of_two_exports_to_one_place_the_slower_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, parity = copy.with_name("new"), (copy / "parity.json").read_bytes()

    def meanwhile(scratch: Path) -> None:
        shutil.copytree(copy, place)

    monkeypatch.setattr("pellucid.export.folder.flush", meanwhile)
    with pytest.raises(RunError, match=r"new exists already\. Choose another --out, or give --overwrite"):
        ExportFolder(place).write({"model.onnx": b"slower", "parity.json": parity})
    assert {file.name: file.read_bytes() for file in place.iterdir()} == {
        file.name: file.read_bytes() for file in copy.iterdir()
    }
    assert {folder.name for folder in copy.parent.iterdir()} == {"copy", "new"}


def test_what_a_killed_process_left_is_cleared_up_and_stands_in_no_ones_way(copy: Path) -> None:
    files = {place.name: place.read_bytes() for place in copy.iterdir()}
    left = copy.with_name(".copy.0123abcd")
    left.mkdir()
    (left / "model.onnx").write_bytes(b"half")
    for folder in (left, copy):
        (folder / LOCK).touch()
    ExportFolder(copy).require_free(overwrite=True)
    ExportFolder(copy).write(files, overwrite=True)
    assert {place.name: place.read_bytes() for place in copy.iterdir()} == files
    assert [place.name for place in copy.parent.iterdir()] == ["copy"]


def test_where_nothing_may_be_written_an_export_stays_as_it_was(copy: Path) -> None:
    older = {file.name: file.read_bytes() for file in copy.iterdir()}
    for place in (copy, copy.with_name("new")):
        with (
            read_only(copy.parent),
            pytest.raises(RunError, match=rf"{place.name} cannot be written \({os.strerror(errno.EACCES)}\)"),
        ):
            ExportFolder(place).write(older | {"README.md": b"new"}, overwrite=True)
    assert {file.name: file.read_bytes() for file in copy.iterdir()} == older
    assert [place.name for place in copy.parent.iterdir()] == ["copy"]
