import json
import math
import os
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pellucid as pl
from pellucid.errors import PellucidWarning, RunError
from pellucid.names import MARK
from pellucid.run.folder import RunFolder, default_path, find_run, list_runs, new_run
from pellucid.study.folder import StudyFolder


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
        folder.write("run.json", "x")
    assert [file.name for file in path.iterdir()] == ["run.json"]
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
        folder.put_down()
    assert folder.replaced == tmp_path / "run-before-1"
    assert (tmp_path / "run-before-1" / "run.json").exists()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run", "run-before-1"]


def test_a_run_stays_when_it_cannot_be_moved_aside(
    bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    before = contents(tmp_path)
    unlink = Path.unlink

    def refuse(self: Path, **how: bool) -> None:
        if self.name == "model.safetensors" and self.parent == path:  # after others have been moved
            raise OSError(28, "No space left on device")
        unlink(self, **how)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(RunError, match="cannot be moved aside \\(No space"), new_run(path, overwrite=True):
        pytest.fail("must not begin")
    assert contents(tmp_path) == before


def test_a_run_in_the_current_folder_is_replaced(
    bars_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    monkeypatch.chdir(path)
    with new_run(Path(), overwrite=True) as folder:
        folder.write("run.json", "new")
    assert contents(tmp_path) == {"run/run.json": b"new"}


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def shared(bars_run: Path, tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """A run whose folder holds files of the user's as well, and those files."""
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    drawn = (path / "curves.png").read_bytes()
    theirs = {
        "thesis.tex": b"years of work",
        "data/run.json": b"{}",
        ".notes": b"hidden",
        ".run.json.part": b"no name of ours",
        "pictures/holiday.png": b"\x89PNG no mark",
        "pictures/holiday.npz": b"numbers",
        "pictures/more/filters.png": drawn,
        "pictures/curves.npz": b"of the user's, beside a picture that has no numbers",
    }
    ours = {
        "curves.svg": b"old",
        ".model.safetensors.abcd_123.part": b"of a killed run",
        "pictures/curves.png": drawn,
        "pictures/filters-conv2d_1.png": drawn,
        "pictures/filters-conv2d_1.npz": b"numbers" + MARK.encode(),
    }
    for name, raw in (theirs | ours).items():
        (path / name).parent.mkdir(exist_ok=True, parents=True)
        (path / name).write_bytes(raw)
    return path, theirs


def test_what_the_user_has_in_a_folder_stays_when_the_run_is_replaced(shared: tuple[Path, dict[str, bytes]]) -> None:
    path, theirs = shared
    with new_run(path, overwrite=True) as folder:
        assert contents(path) == theirs | {"checkpoints/.lock": b""}  # at no moment are they elsewhere
        folder.write("run.json", "new")
    assert contents(path) == theirs | {"run.json": b"new"}
    assert [kept.relative_to(path).as_posix() for kept in folder.kept] == [
        ".notes",
        ".run.json.part",
        "data",
        *("pictures/curves.npz", "pictures/holiday.npz", "pictures/holiday.png", "pictures/more"),
        "thesis.tex",
    ]
    assert os.listdir(path.parent) == ["run"]  # noqa: PTH208


def test_a_failure_leaves_run_and_files_as_they_were(shared: tuple[Path, dict[str, bytes]]) -> None:
    path, _ = shared
    before = contents(path.parent)
    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error), new_run(path, overwrite=True) as folder:
            folder.write("run.json", "half")
            folder.write("model.safetensors", "half")
            raise error
        assert contents(path.parent) == before


def test_a_replaced_run_that_is_kept_takes_no_file_of_the_users(shared: tuple[Path, dict[str, bytes]]) -> None:
    path, theirs = shared
    before = contents(path)
    with new_run(path, overwrite=True) as folder:
        folder.put_down()
    assert contents(path) == theirs
    assert contents(path.with_name("run-before-1")) == {name: raw for name, raw in before.items() if name not in theirs}


def test_what_appears_in_the_place_of_an_older_file_is_not_overwritten(shared: tuple[Path, dict[str, bytes]]) -> None:
    path, _ = shared
    with pytest.raises(ZeroDivisionError), new_run(path, overwrite=True):
        (path / "pictures" / "filters-conv2d_1.png").write_bytes(b"mine")
        raise ZeroDivisionError
    assert (path / "pictures" / "filters-conv2d_1.png").read_bytes() == b"mine"
    assert list(contents(path.with_name("run-before-1"))) == ["pictures/filters-conv2d_1.png"]
    assert (path / "run.json").exists()


def test_a_new_run_that_fails_takes_nothing_of_the_users_with_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_run(tmp_path / "run") as folder:
        folder.write("run.json", "x")
        (tmp_path / "run" / "notes.txt").write_text("while it trained")
        raise ZeroDivisionError
    assert contents(tmp_path) == {"run/notes.txt": b"while it trained"}


@pytest.mark.parametrize("record", ["{}", '{"name": "package.json of somebody"}', "[1]", ""])
def test_a_folder_with_a_foreign_run_json_is_not_replaced(tmp_path: Path, record: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").write_text(record)
    (tmp_path / "mine" / "history.csv").write_text("of my savings")
    before = contents(tmp_path)
    with pytest.raises(RunError) as caught, new_run(tmp_path / "mine", overwrite=True):
        pytest.fail("must not begin")
    assert "run.json is not a run of Pellucid's: " in str(caught.value)
    assert str(caught.value).endswith("Only a run is replaced; choose another --out.")
    assert contents(tmp_path) == before


def test_a_folder_that_is_called_like_a_file_of_the_run_is_not_moved(bars_run: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    (path / "curves.svg").mkdir()
    with pytest.raises(RunError, match="curves.svg is a folder, where a run has a file"), new_run(path, overwrite=True):
        pytest.fail("must not begin")
    assert (path / "run.json").exists()


def test_two_cannot_replace_a_run_at_once(bars_run: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(bars_run, tmp_path / "run"))
    with new_run(path, overwrite=True) as folder:
        RunFolder(path).write_record(RunFolder(bars_run).read_record())
        with pytest.raises(RunError, match=r"Another process is working on .*run"), new_run(path, overwrite=True):
            pytest.fail("must not begin")
        folder.write("history.csv", "x")
    assert sorted(contents(path)) == ["history.csv", "run.json"]


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RunError, match=r"file/run cannot be made \(Not a directory\)"),
        new_run(tmp_path / "file" / "run"),
    ):
        pytest.fail("must not begin")


def test_default_names_carry_the_time_and_are_plain(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 3, 15, 9, tzinfo=UTC)
    assert default_path("mnist", "fast", now, tmp_path) == tmp_path / "mnist-fast-20261124T031509Z"
    assert default_path("../my pets", "v1.2", now, tmp_path) == tmp_path / "my-pets-v1.2-20261124T031509Z"
    assert len(default_path("x" * 999, "fast", now).name) < 250


def test_a_numbered_run_takes_the_next_free_name_and_replaces_nothing(bars_run: Path, tmp_path: Path) -> None:
    shutil.copytree(bars_run, tmp_path / "run")
    for number in (2, 3):
        with new_run(tmp_path / "run", numbered=True, overwrite=True) as folder:
            folder.write("run.json", "new")
        assert folder.path == tmp_path / f"run-{number}"
    assert contents(tmp_path / "run") == contents(bars_run)


@pytest.mark.parametrize("kind", [RunFolder, StudyFolder])
def test_folders_that_are_claimed_at_once_are_distinct(kind: type, tmp_path: Path) -> None:
    barrier = threading.Barrier(16)

    def claim(_: int) -> Path:
        barrier.wait()
        return kind.make(tmp_path / "runs" / "same", numbered=True).path

    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(claim, range(16)))
    assert {path.name for path in claimed} == {"same", *(f"same-{number}" for number in range(2, 17))}


def test_a_name_that_another_takes_between_look_and_claim_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = Path.mkdir

    def late(self: Path, *given: object, **settings: object) -> None:
        if self.name == "run":  # another process is faster by a hair
            monkeypatch.setattr(Path, "mkdir", mkdir)
            mkdir(self)
        mkdir(self, *given, **settings)

    monkeypatch.setattr(Path, "mkdir", late)
    assert RunFolder.make(tmp_path / "run", numbered=True).path == tmp_path / "run-2"


def test_a_place_below_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "nowhere").symlink_to("gone")
    for place, reason in [("nowhere/run", "File exists"), ("x" * 300, "File name too long"), ("a\0b", "null byte")]:
        with pytest.raises(RunError, match=f"cannot be made .*{reason}"):
            RunFolder.make(tmp_path / place, numbered=True)


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


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    folder = RunFolder.make(tmp_path / "pipe")
    os.mkfifo(folder.path / "run.json")
    with pytest.raises(RunError, match=r"run.json cannot be read \(it is a device, a pipe or the like, and no file\)"):
        folder.read_record()
    folder = RunFolder.make(tmp_path / "device")
    (folder.path / "run.json").symlink_to("/dev/zero")
    with pytest.raises(RunError, match=r"run.json leads out of the run, and is not followed"):
        folder.read_record()
    found, faults = list_runs(tmp_path)
    assert (found, len(faults)) == ([], 2)


@pytest.mark.parametrize("name", ["run.json", "history.csv", "model.safetensors", "pictures", "checkpoints"])
def test_no_link_is_followed_out_of_a_run(bars_run: Path, tmp_path: Path, name: str) -> None:
    folder = RunFolder(shutil.copytree(bars_run, tmp_path / "run"))
    outside = tmp_path / "outside"
    if (folder.path / name).is_file():
        (folder.path / name).rename(outside)
    else:
        outside.mkdir()
        shutil.rmtree(folder.path / name, ignore_errors=True)
    (folder.path / name).symlink_to(outside)
    rule = (
        rf"{name}(/x)? leads out of the run, and is not followed\. Put the file itself, or the folder, in its place\."
    )
    if name in {"pictures", "checkpoints"}:
        with pytest.raises(RunError, match=rule):
            folder.write(f"{name}/x", b"x")
        with pytest.raises(RunError, match="leads out of the run|is a link, and is not followed"):
            folder.checkpoints.locked().__enter__() if name == "checkpoints" else folder.place(f"{name}/x.png")
        assert list(outside.iterdir()) == []
        return
    with pytest.raises(RunError, match=rule):
        pl.load_run(folder.path)
    folder.write(name, b"new")  # a link in the place of a file gives way
    assert not (folder.path / name).is_symlink()
    assert outside.read_bytes() != b"new"


def test_names_lead_nowhere_outside_and_links_within_a_run_are_followed(tmp_path: Path) -> None:
    folder = RunFolder.make(tmp_path / "run")
    (tmp_path / "secret").write_text("x")
    for name in ("../secret", f"{tmp_path}/secret", "a/../../secret"):
        with pytest.raises(RunError, match="leads out of the run"):
            folder.read_bytes(name)
        with pytest.raises(RunError, match="leads out of the run"):
            folder.write(name, b"y")
    folder.write("first", b"1")
    (folder.path / "second").symlink_to("first")
    assert folder.read_bytes("second") == b"1"
    (tmp_path / "link").symlink_to(folder.path)
    assert RunFolder(tmp_path / "link").read_bytes("first") == b"1"
    (folder.path / "loop").symlink_to("loop")
    with pytest.raises(RunError, match="loop cannot be read"):
        folder.read_bytes("loop")


def test_a_lock_that_is_a_link_empties_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = RunFolder.make(tmp_path / "run")
    (folder.path / "checkpoints").mkdir()
    (folder.path / "checkpoints" / ".lock").symlink_to(tmp_path / "secret")
    with (
        pytest.raises(RunError, match=r"cannot be locked \(.*\.lock is a link, and is not followed\)"),
        folder.locked(),
    ):
        pass
    assert (tmp_path / "secret").read_text() == "x"


def test_a_record_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    folder = RunFolder.make(tmp_path / "run")
    with (folder.path / "run.json").open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    with pytest.raises(RunError, match=r"it may have 67,108,864 bytes; it has 67,108,865"):
        folder.read_record()


def changed(bars_run: Path, path: Path, change: Callable[[dict], object]) -> RunFolder:
    """A run whose run.json somebody changed."""
    shutil.copytree(bars_run, path)
    record = json.loads((path / "run.json").read_text())
    change(record)
    (path / "run.json").write_text(json.dumps(record))
    return RunFolder(path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda record: record["results"]["test"].update(loss=math.nan), "results.test.loss: Input should be a finite"),
        (lambda record: record["data"].update(class_names=["a", "a", "b"]), "class_names must differ"),
        (lambda record: record["data"].update(class_names=["a", "b"]), "as many as the network's outputs, 3"),
        (lambda record: record["train"].update(vote=10**5), "train.vote: Input should be less than or equal to 1000"),
        (lambda record: record["model"].update(layers=[{"kind": "flatten"}] * 10**5), "at most 1,000 layers"),
        (lambda record: record.update(deep=json.loads("[" * 900 + "]" * 900)), "recursion limit"),
    ],
)
def test_a_record_that_cannot_be_is_refused(
    bars_run: Path, tmp_path: Path, change: Callable[[dict], object], complaint: str
) -> None:
    folder = changed(bars_run, tmp_path / "run", change)
    with pytest.raises(RunError, match=re.escape(complaint)):
        folder.read_record()


def test_a_run_from_the_future_is_not_the_latest_for_good(bars_run: Path, tmp_path: Path) -> None:
    changed(bars_run, tmp_path / "odd", lambda record: record.update(started="9999-01-01T00:00:00+00:00"))
    os.utime(tmp_path / "odd" / "run.json", (10**9, 10**9))  # in 2001
    shutil.copytree(bars_run, tmp_path / "own")
    assert find_run("latest", tmp_path).path == tmp_path / "own"


def test_a_run_that_is_done_stays_when_the_user_stops_just_then(bars_run: Path, tmp_path: Path) -> None:
    run, out = pl.load_run(bars_run), tmp_path / "run"

    def train() -> None:
        with new_run(out) as folder:
            run.write(folder)
            raise KeyboardInterrupt

    said = r"done and kept; finish it with: pellucid evaluate .*run$"
    with pytest.warns(PellucidWarning, match=said), pytest.raises(KeyboardInterrupt):
        train()
    assert pl.load_run(out).record == run.record
    assert not (out / "checkpoints").exists()
