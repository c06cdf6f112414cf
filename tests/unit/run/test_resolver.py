import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.errors import RunError
from pellucid.run.folder import RunFolder
from pellucid.run.resolver import find_folder, folder_named, means
from pellucid.study.folder import StudyFolder, find_run_or_study, study_named

HOSTILE = [
    "",
    ".",
    "..",
    "../secret",
    "one/../../secret",
    "one/",
    "/etc",
    "..\\secret",
    "one\\..\\..\\secret",
    "C:secret",
    "C:\\secret",
    "one\0",
    "\0",
    "one\n",
    "\udcff",
    "\u202eone",
    ".hidden",
    "x" * 256,
    "x" * 1_000_000,
    "\u00e9" * 200,
]


@pytest.fixture
def runs(bars_run: Path, tmp_path: Path) -> Path:
    """A run, a hidden one, links to runs, and a run outside."""
    runs = tmp_path / "runs"
    for name in ("runs/one", "runs/.hidden", "secret"):
        shutil.copytree(bars_run, tmp_path / name)
    (runs / "inward").symlink_to("one")
    (runs / "outward").symlink_to("../secret")
    (runs / "circle").symlink_to("circle")
    (runs / "partly").mkdir()
    shutil.copy(runs / "one" / "run.json", runs / "partly")
    (runs / "partly" / "model.safetensors").symlink_to("../../secret/model.safetensors")
    return runs


@pytest.mark.parametrize("kind", [RunFolder, StudyFolder])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_name_is_refused_from_strangers(kind: type, text: str, runs: Path) -> None:
    with pytest.raises(RunError) as caught:
        find_folder(kind, text, runs, names_only=True)
    assert f"The name of a {kind.kind} must be a name without / \\ : and control characters" in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", ["outward", "partly"])
def test_a_link_that_leads_out_is_refused_to_strangers(name: str, runs: Path) -> None:
    with pytest.raises(RunError, match="is a link that leads out of .*runs/, and is not followed"):
        find_folder(RunFolder, name, runs, names_only=True)
    assert find_folder(RunFolder, name, runs).path == runs / name  # whoever sits at the machine may


def test_names_below_the_runs_are_found_for_strangers(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "inward"):
        assert find_folder(RunFolder, name, runs, names_only=True).path == runs / name
    with pytest.raises(RunError, match="There is no run circle"):
        find_folder(RunFolder, "circle", runs, names_only=True)
    monkeypatch.chdir(runs.parent)
    with pytest.raises(RunError, match="There is no run secret. Known: "):  # a path for the user alone
        find_folder(RunFolder, "secret", runs, names_only=True)
    assert find_folder(RunFolder, "secret", runs).path == Path("secret")


def test_latest_is_for_strangers_too_but_does_not_lead_out(runs: Path) -> None:
    for link in ("outward", "partly"):
        text = (runs / link / "run.json").read_text()
        (runs / link / "run.json").write_text(text.replace(RunFolder(runs / link).read_record().started, "2000-01-01"))
    assert find_folder(RunFolder, "latest", runs, names_only=True).path.name in {"one", "inward"}
    (runs / "one" / "model.safetensors").unlink()
    with pytest.raises(RunError, match="leads out of"):
        find_folder(RunFolder, "latest", runs, names_only=True)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_of_the_users_is_found_or_not(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not means(RunFolder, text)
    assert folder_named(RunFolder, text) is None
    with pytest.raises(RunError, match="There is no run|is not a run: it has no run.json"):
        find_folder(RunFolder, text)


def test_a_study_comes_before_a_run_and_latest_is_the_latest_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs.parent)
    (runs / "both").mkdir()
    (runs / "both" / "study.json").write_text("{}")
    shutil.copy(runs / "one" / "run.json", runs / "both")
    assert isinstance(find_run_or_study("both"), StudyFolder)
    assert study_named("latest") is None
    (runs / "latest").mkdir()
    (runs / "latest" / "study.json").write_text("{}")
    assert isinstance(find_run_or_study("latest"), RunFolder)
    assert isinstance(find_run_or_study("one"), RunFolder)
    with pytest.raises(RunError, match="There is no study none"):
        find_folder(StudyFolder, "none")


def test_run_and_study_folders_need_no_torch() -> None:
    code = "import sys, pellucid.study.folder, pellucid.run.resolver; print({'torch', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout == "set()\n"
