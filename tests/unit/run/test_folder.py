import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pellucid.errors import RunError
from pellucid.run.folder import RunFolder, default_path, find_run, list_runs, new_run


def test_a_record_is_read_back_as_it_was_written(bars_run: Path, tmp_path: Path) -> None:
    record = RunFolder(bars_run).read_record()
    RunFolder(tmp_path).write_record(record)
    assert RunFolder(tmp_path).read_record() == record


def test_run_json_has_the_keys_that_others_rely_on(bars_run: Path) -> None:
    record = json.loads((bars_run / "run.json").read_text())
    assert {"pellucid_version", "model", "train", "data", "environment", "results"} <= record.keys()
    assert {"name", "fingerprint", "counts", "class_names"} <= record["data"].keys()
    assert {"versions", "device", "threads", "precision"} <= record["environment"].keys()
    results = record["results"]
    expected = {"epochs", "train_seconds", "total_seconds", "peak_memory_mib", "validation", "test"}
    assert expected <= results.keys()
    assert results["validation"].keys() == {"loss", "accuracy"}
    assert results["test"].keys() == {"loss", "accuracy", "accuracy_interval"}
    counts = record["data"]["counts"]
    assert counts["train"] + counts["validation"] == 240
    assert counts["test"] == 90


def test_keys_of_a_later_version_are_kept(bars_run: Path, tmp_path: Path) -> None:
    document = json.loads((bars_run / "run.json").read_text())
    document["later"] = {"key": 1}
    document["results"]["later"] = 2
    (tmp_path / "run.json").write_text(json.dumps(document))
    RunFolder(tmp_path).write_record(RunFolder(tmp_path).read_record())
    assert json.loads((tmp_path / "run.json").read_text()) == document


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "run.json is not a run of Pellucid's: the whole: Invalid JSON"),
        ('{"model": ', "run.json is not a run of Pellucid's: the whole: Invalid JSON"),
        ("[1]", "run.json is not a run of Pellucid's: the whole:"),
        (
            '{"name": "package.json of somebody"}',
            "run.json is not a run of Pellucid's: pellucid_version: Field required",
        ),
    ],
)
def test_a_truncated_or_foreign_record_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError) as caught:
        RunFolder(tmp_path).read_record()
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_record_with_an_impossible_model_is_named(bars_run: Path, tmp_path: Path) -> None:
    text = (bars_run / "run.json").read_text().replace('"max_pooling2d"', '"max_polling2d"')
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match="Unknown layer 'max_polling2d' in layer 2. Did you mean max_pooling2d?"):
        RunFolder(tmp_path).read_record()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"has no run.json"):
        RunFolder(tmp_path).read_record()


def test_an_existing_folder_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(RunError), new_run(tmp_path / "mine", overwrite=overwrite):
            pytest.fail("must not begin")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_run(tmp_path / "run") as folder:
        folder.write("history.csv", "x")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_replaced_only_by_a_whole_one(bars_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(bars_run, path)
    before = sorted(file.name for file in path.iterdir())
    with pytest.raises(RunError, match="exists already"), new_run(path):
        pytest.fail("must not begin")
    with pytest.raises(ZeroDivisionError), new_run(path, overwrite=True):
        raise ZeroDivisionError
    assert sorted(file.name for file in path.iterdir()) == before
    with new_run(path, overwrite=True) as folder:
        folder.write("new", "x")
    assert [file.name for file in path.iterdir()] == ["new"]
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_a_run_behind_a_link_is_replaced_and_the_link_stays(bars_run: Path, tmp_path: Path) -> None:
    shutil.copytree(bars_run, tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    with new_run(tmp_path / "link", overwrite=True) as folder:
        folder.write("new", "x")
    assert (tmp_path / "link").is_symlink()
    assert [file.name for file in (tmp_path / "link").iterdir()] == ["new"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link", "real"]


def test_a_replaced_run_can_be_kept(bars_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(bars_run, path)
    with new_run(path, overwrite=True) as folder:
        folder.keep_replaced()
    assert folder.replaced == tmp_path / "run-before-1"
    assert (tmp_path / "run-before-1" / "run.json").exists()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run", "run-before-1"]


def test_a_run_comes_back_when_the_new_one_cannot_even_be_made(
    bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    shutil.copytree(bars_run, path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunError, match="cannot be made"), new_run(path, overwrite=True):
        pytest.fail("must not begin")
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


def test_the_current_folder_is_not_replaced(bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run"
    shutil.copytree(bars_run, path)
    monkeypatch.chdir(path)
    with pytest.raises(RunError, match="holds the current folder"), new_run(Path(), overwrite=True):
        pytest.fail("must not begin")


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RunError, match=r"file/run cannot be made \(Not a directory\)"),
        new_run(tmp_path / "file" / "run"),
    ):
        pytest.fail("must not begin")


def test_default_names_carry_the_time_and_are_never_taken(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 3, 15, 9, tzinfo=UTC)
    first = default_path("mnist", "fast", now, tmp_path)
    assert first == tmp_path / "mnist-fast-20261124T031509Z"
    first.mkdir()
    assert default_path("mnist", "fast", now, tmp_path).name == "mnist-fast-20261124T031509Z-2"


@pytest.fixture
def runs(bars_run: Path, tmp_path: Path) -> Path:
    """Two trained runs, one without weights, one damaged, one that is being replaced, and something else."""
    text = (bars_run / "run.json").read_text()
    started = json.loads(text)["started"]
    for name, time in [("b", "2026-01-01T00:00:00"), ("a", "2026-01-02T00:00:00"), ("c", "2026-01-03T00:00:00")]:
        shutil.copytree(bars_run, tmp_path / name)
        (tmp_path / name / "run.json").write_text(text.replace(started, time))
    (tmp_path / "c" / "model.safetensors").unlink()
    shutil.copytree(tmp_path / "a", tmp_path / ".a.replaced")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "run.json").write_text("{")
    (tmp_path / "other").mkdir()
    return tmp_path


def test_runs_are_listed_by_age_and_damage_is_said(runs: Path) -> None:
    found, faults = list_runs(runs)
    assert [path.name for path, _ in found] == ["b", "a", "c"]
    assert len(faults) == 1
    assert "damaged" in str(faults[0])


def test_a_run_is_found_by_path_name_or_as_the_latest_trained(runs: Path) -> None:
    assert find_run("latest", runs).path == runs / "a"
    assert find_run("b", runs).path == runs / "b"
    assert find_run(str(runs / "c"), runs).path == runs / "c"


@pytest.mark.parametrize(
    ("name", "message"),
    [("latst", "There is no run latst. Did you mean latest?"), ("zzz", "There is no run zzz. Known: latest, ")],
)
def test_a_run_that_is_not_there_is_named(runs: Path, name: str, message: str) -> None:
    with pytest.raises(RunError) as caught:
        find_run(name, runs)
    assert message in str(caught.value)


def test_a_folder_that_is_no_run_is_named(runs: Path) -> None:
    with pytest.raises(RunError, match=r"other is not a run: it has no run.json"):
        find_run(str(runs / "other"), runs)
    with pytest.raises(RunError, match="There is no trained run below"):
        find_run("latest", runs / "other")
